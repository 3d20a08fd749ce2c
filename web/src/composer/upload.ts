/** Files on their way to the server, before the message that names them. */

import { NetworkError, ask, explain } from "../api.ts";
import { hereabouts } from "../conversation/media.ts";
import { MediaPrepareMutation } from "../documents.ts";

export async function uploadedOnce(
  uploaded: Map<File, string>,
  file: File,
  how: { voice: boolean } = { voice: false },
): ReturnType<typeof upload> {
  const known = uploaded.get(file);
  if (known !== undefined) return { mediaId: known, problems: [] };
  const done = await upload(file, how);
  if (done.mediaId !== null) uploaded.set(file, done.mediaId);
  return done;
}

/** A file that is to stand above a template's text, as the server knows it. */
export async function uploadHeader(file: File): ReturnType<typeof upload> {
  try {
    return await upload(file, { voice: false });
  } catch (error) {
    return { mediaId: null, problems: [explain(error)] };
  }
}

async function upload(file: File, { voice }: { voice: boolean }): Promise<{ mediaId: string | null; problems: string[] }> {
  const mimeType = file.type === "" ? "application/octet-stream" : file.type;
  const input = { kind: kindOf(mimeType), mimeType, bytes: file.size, ...(voice ? { voice } : { fileName: file.name }) };
  const { uploadUrl, media, userErrors } = (await ask(MediaPrepareMutation, { input })).mediaPrepare;
  if (uploadUrl === null || media === null) {
    return { mediaId: null, problems: userErrors.map((error) => error.message) };
  }
  const answer = await put(uploadUrl, file);
  if (answer.ok) return { mediaId: media.id, problems: [] };
  const told = (await answer.json().catch(() => null)) as { error?: { message?: string } } | null;
  return { mediaId: null, problems: [told?.error?.message ?? "It could not be uploaded."] };
}

async function put(url: string, file: File): Promise<Response> {
  try {
    return await fetch(hereabouts(url), { method: "PUT", body: file });
  } catch {
    throw new NetworkError("The upload broke off.");
  }
}

function kindOf(mimeType: string): "IMAGE" | "VIDEO" | "AUDIO" | "DOCUMENT" {
  const kinds = { image: "IMAGE", video: "VIDEO", audio: "AUDIO" } as const;
  return kinds[mimeType.split("/", 1)[0] as keyof typeof kinds] ?? "DOCUMENT";
}
