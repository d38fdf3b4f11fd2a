// Made from schemas/project.json by `npm run types`: change the server's types, not this file.

/**
 * A request to a project.
 */
export type Command =
  | {
      /**
       * What it is called; the folder's name where absent.
       */
      name?: string | null;
      /**
       * The folder's canonical path.
       */
      path: string;
      type: "RegisterProject";
    }
  | {
      /**
       * The name.
       */
      name: string;
      type: "RenameProject";
    }
  | {
      /**
       * The digest of what was shown.
       */
      digest: string;
      type: "TrustProject";
    }
  | {
      type: "WithdrawTrust";
    }
  | {
      type: "ForgetAnswers";
      which: Forget;
    }
  | {
      type: "RemoveProject";
    };
/**
 * Answers that are forgotten.
 */
export type Forget =
  | {
      /**
       * Its key.
       */
      key: string;
      kind: "key";
    }
  | {
      kind: "run";
      /**
       * The run.
       */
      run: string;
    }
  | {
      at: Micros;
      kind: "before";
    }
  | {
      kind: "all";
    };
/**
 * A moment: microseconds since 1970-01-01T00:00:00Z.
 */
export type Micros = number;
/**
 * A fact in the stream of a project.
 */
export type Event =
  | {
      data: {
        /**
         * What it is called, normally the folder's name.
         */
        name: string;
        /**
         * The folder's canonical path.
         */
        path: string;
        /**
         * Its name in addresses: lower-case letters, digits and hyphens.
         */
        slug: string;
      };
      type: "ProjectRegistered";
    }
  | {
      data: {
        /**
         * The name.
         */
        name: string;
      };
      type: "ProjectRenamed";
    }
  | {
      data: {
        /**
         * The digest of what was shown.
         */
        digest: string;
      };
      type: "ProjectTrusted";
    }
  | {
      data: {};
      type: "ProjectTrustWithdrawn";
    }
  | {
      data: {
        which: Forget;
      };
      type: "AnswersForgotten";
    }
  | {
      data: {};
      type: "ProjectRemoved";
    };

export interface ProjectSchema {
  [k: string]: unknown;
}
/**
 * The state of a project, and what a page sees of it.
 */
export interface State {
  /**
   * What it is called.
   */
  name: string;
  /**
   * The folder's canonical path; empty before it is registered.
   */
  path: string;
  /**
   * It is under care.
   */
  registered: boolean;
  registered_at: Micros;
  /**
   * Its name in addresses.
   */
  slug: string;
  /**
   * The digest of what was trusted.
   */
  trusted: string | null;
}
