// Made from schemas/session.json by `npm run types`: change the server's types, not this file.

/**
 * A request to a session.
 */
export type Command =
  | {
      /**
       * The model that new chats ask.
       */
      model?: string | null;
      /**
       * The project.
       */
      project: string;
      /**
       * What it is called, at most 200 characters.
       */
      title?: string;
      type: "OpenSession";
    }
  | {
      /**
       * The title.
       */
      title: string;
      type: "RenameSession";
    }
  | {
      /**
       * The model; the server's default where absent.
       */
      model?: string | null;
      type: "ConfigureSession";
    }
  | {
      /**
       * Which panes, and how they share the space, in the page's own words, at most 1,000 characters; empty for one alone.
       */
      panes: string;
      type: "ArrangePanes";
    }
  | {
      /**
       * The folder's canonical path.
       */
      path: string;
      type: "GrantReadAccess";
    }
  | {
      /**
       * The folder's canonical path.
       */
      path: string;
      type: "RevokeReadAccess";
    }
  | {
      type: "ArchiveSession";
    }
  | {
      type: "UnarchiveSession";
    };
/**
 * A fact in the stream of a session.
 */
export type Event =
  | {
      data: {
        /**
         * The model that new chats ask; the server's default where absent.
         */
        model?: string | null;
        /**
         * The project it works on.
         */
        project: string;
        /**
         * What it is called.
         */
        title: string;
      };
      type: "SessionOpened";
    }
  | {
      data: {
        /**
         * The title.
         */
        title: string;
      };
      type: "SessionRenamed";
    }
  | {
      data: {
        /**
         * The model; the server's default where absent.
         */
        model?: string | null;
      };
      type: "SessionConfigured";
    }
  | {
      data: {
        /**
         * Which panes, and how they share the space, in the page's own words; empty for one alone.
         */
        panes: string;
      };
      type: "PanesArranged";
    }
  | {
      data: {
        /**
         * The folder's canonical path.
         */
        path: string;
      };
      type: "ReadAccessGranted";
    }
  | {
      data: {
        /**
         * The folder's canonical path.
         */
        path: string;
      };
      type: "ReadAccessRevoked";
    }
  | {
      data: {};
      type: "SessionArchived";
    }
  | {
      data: {};
      type: "SessionUnarchived";
    };
/**
 * A moment: microseconds since 1970-01-01T00:00:00Z.
 */
export type Micros = number;

export interface SessionSchema {
  [k: string]: unknown;
}
/**
 * The state of a session, and what a page sees of it.
 */
export interface State {
  /**
   * It was put away.
   */
  archived: boolean;
  /**
   * The model that new chats ask.
   */
  model: string | null;
  opened_at: Micros;
  /**
   * How its panes stand on the page, in the page's own words; empty for one alone.
   */
  panes: string;
  /**
   * The project it works on; `null` before it is open.
   */
  project: string | null;
  /**
   * Folders outside the project that its agents may read.
   */
  read_access: string[];
  /**
   * What it is called.
   */
  title: string;
}
