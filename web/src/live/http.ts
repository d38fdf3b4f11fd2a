// Reads and writes by HTTP: what is not a subscription. Errors are the server's own words.
import type { Problem } from "../wire/index.ts";

export class HttpError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(problem: Pick<Problem, "status" | "code" | "detail">) {
    super(problem.detail);
    this.status = problem.status;
    this.code = problem.code;
  }
}

export function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return request(path, signal ? { signal } : {}).then((response) => response.json());
}

export function getText(path: string): Promise<string> {
  return request(path, {}).then((response) => response.text());
}

export function send<T>(
  method: "POST" | "PUT" | "PATCH" | "DELETE",
  path: string,
  body?: unknown,
): Promise<T> {
  const headers = { "content-type": "application/json" };
  return request(path, { method, headers, body: body === undefined ? null : JSON.stringify(body) }).then(
    async (response) => {
      const text = await response.text();
      return (text ? JSON.parse(text) : null) as T;
    },
  );
}

/** Asks the server, and gives its answer if that is a good one. */
export async function request(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...init });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    const detail = "The server does not answer: is it running?";
    throw new HttpError({ status: 0, code: "unreachable", detail });
  }
  if (response.ok) return response;
  throw new HttpError(await problem(response));
}

async function problem(response: Response): Promise<Pick<Problem, "status" | "code" | "detail">> {
  const detail = `The server answered ${response.status} ${response.statusText}`.trim();
  const unknown = { status: response.status, code: "unknown", detail };
  try {
    return { ...unknown, ...((await response.json()) as Partial<Problem>) };
  } catch {
    return unknown; // Something between page and server answered, in its own form.
  }
}
