// Files on their way to the server.
import type { StoredAttachment } from "../wire/index.ts";
import { request } from "./http.ts";

/** Stores a file, and gives the name under which messages refer to it. */
export async function upload(file: Blob, signal: AbortSignal): Promise<StoredAttachment> {
  const headers = { "content-type": file.type || "application/octet-stream" };
  const response = await request("/api/attachments", { method: "POST", headers, body: file, signal });
  return response.json();
}
