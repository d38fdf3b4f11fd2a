// Made from schemas/system.json by `npm run types`: change the server's types, not this file.

/**
 * A request to the server's own stream. The host sends these; clients use the key routes.
 */
export type Command =
  | {
      type: "NoteStart";
      /**
       * The server's version.
       */
      version: string;
    }
  | {
      type: "NoteStop";
    }
  | {
      /**
       * Its name.
       */
      name: string;
      role: Role;
      /**
       * The SHA-256 of the key.
       */
      sha256: string;
      type: "CreateKey";
    }
  | {
      /**
       * Its name.
       */
      name: string;
      type: "RevokeKey";
    }
  | {
      /**
       * The provider.
       */
      provider: string;
      type: "NoteProviderKeySet";
    }
  | {
      /**
       * The provider.
       */
      provider: string;
      type: "NoteProviderKeyForgotten";
    }
  | {
      /**
       * How many bytes.
       */
      bytes: number;
      /**
       * From which byte on.
       */
      offset: number;
      /**
       * The number of the segment.
       */
      segment: number;
      type: "NoteTailCut";
    }
  | {
      /**
       * From which byte on.
       */
      offset: number;
      /**
       * The number of the segment.
       */
      segment: number;
      type: "NoteDamage";
      /**
       * What was found.
       */
      what: string;
    }
  | {
      /**
       * The model; that of the settings where absent.
       */
      model?: string | null;
      type: "ChooseDefaultModel";
    }
  | {
      /**
       * The projection.
       */
      name: string;
      /**
       * Why.
       */
      reason: string;
      type: "NoteRebuild";
    }
  | {
      /**
       * Why.
       */
      reason: string;
      stream: StreamId;
      type: "Quarantine";
    }
  | {
      stream: StreamId;
      type: "Release";
    };
/**
 * What a key may do.
 */
export type Role = "viewer" | "operator" | "admin";
/**
 * The name of a stream, `kind/id`: a kind of 1 to 16 lower-case letters, an id of 1 to 64 lower-case letters, digits and hyphens.
 *
 * Cheap to clone. Ids are UUIDs, except for the few streams that exist once, such as `system/host`.
 */
export type StreamId = string;
/**
 * A fact about the server.
 */
export type Event =
  | {
      data: {
        /**
         * Its version.
         */
        version: string;
      };
      type: "ServerStarted";
    }
  | {
      data: {};
      type: "ServerStopped";
    }
  | {
      data: {
        /**
         * Its name, 1 to 40 lower-case letters, digits and hyphens.
         */
        name: string;
        role: Role;
        /**
         * The SHA-256 of the key, in lower-case hexadecimal.
         */
        sha256: string;
      };
      type: "KeyCreated";
    }
  | {
      data: {
        /**
         * Its name.
         */
        name: string;
      };
      type: "KeyRevoked";
    }
  | {
      data: {
        /**
         * The provider.
         */
        provider: string;
      };
      type: "ProviderKeySet";
    }
  | {
      data: {
        /**
         * The provider.
         */
        provider: string;
      };
      type: "ProviderKeyForgotten";
    }
  | {
      data: {
        /**
         * How many bytes.
         */
        bytes: number;
        /**
         * From which byte on.
         */
        offset: number;
        /**
         * The number of the segment.
         */
        segment: number;
      };
      type: "TailCut";
    }
  | {
      data: {
        /**
         * From which byte on.
         */
        offset: number;
        /**
         * The number of the segment.
         */
        segment: number;
        /**
         * What was found.
         */
        what: string;
      };
      type: "DamageFound";
    }
  | {
      data: {
        /**
         * The model; that of the settings where absent.
         */
        model?: string | null;
      };
      type: "DefaultModelChosen";
    }
  | {
      data: {
        /**
         * The projection.
         */
        name: string;
        /**
         * Why.
         */
        reason: string;
      };
      type: "DerivedRebuilt";
    }
  | {
      data: {
        /**
         * Why.
         */
        reason: string;
        stream: StreamId;
      };
      type: "EntityQuarantined";
    }
  | {
      data: {
        stream: StreamId;
      };
      type: "EntityReleased";
    };
/**
 * A moment: microseconds since 1970-01-01T00:00:00Z.
 */
export type Micros = number;

export interface SystemSchema {
  [k: string]: unknown;
}
/**
 * A key.
 */
export interface Key {
  created_at: Micros;
  /**
   * When it was revoked.
   */
  revoked_at: Micros | null;
  role: Role;
  /**
   * Its SHA-256.
   */
  sha256: string;
}
/**
 * A key, without anything secret.
 */
export interface KeyInfo {
  created_at: Micros;
  /**
   * Its name.
   */
  name: string;
  /**
   * When it was revoked.
   */
  revoked_at: Micros | null;
  role: Role;
}
/**
 * The state of the server, as its own stream tells it.
 */
export interface State {
  /**
   * The model that was chosen for new chats; that of the settings where absent.
   */
  default_model: string | null;
  /**
   * All keys that ever were, by name.
   */
  keys: {
    [k: string]: Key;
  };
  /**
   * The streams out of service, and why.
   */
  quarantined: {
    /**
     * This interface was referenced by `undefined`'s JSON-Schema definition
     * via the `patternProperty` "^[a-z]{1,16}/[a-z0-9-]{1,64}$".
     */
    [k: string]: string;
  };
  /**
   * How often the server started.
   */
  starts: number;
}
/**
 * What a page sees of the server's own stream: no hashes.
 */
export interface View {
  /**
   * The model that was chosen for new chats; that of the settings where absent.
   */
  default_model: string | null;
  /**
   * All keys that ever were.
   */
  keys: KeyInfo[];
  /**
   * The streams out of service, and why.
   */
  quarantined: {
    /**
     * This interface was referenced by `undefined`'s JSON-Schema definition
     * via the `patternProperty` "^[a-z]{1,16}/[a-z0-9-]{1,64}$".
     */
    [k: string]: string;
  };
  /**
   * How often the server started.
   */
  starts: number;
}
