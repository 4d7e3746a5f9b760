/** Requests to the studio's server; all paths are below the page's address, whose token nobody else has. */
import type { BranchAnswer, Config, Content, CourseAnswer, Description, WhatIf } from "./types";

/** The server refused, or is gone. `status` is that of HTTP; 0 without an answer. */
export class ServerError extends Error {
  constructor(
    readonly status: number,
    text: string,
  ) {
    super(text);
  }
}

async function ask(path: string, method = "GET", body?: unknown): Promise<Response> {
  let response: Response;
  try {
    const headers = { "content-type": "application/json" };
    response = await fetch(`api/${path}`, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
  } catch {
    throw new ServerError(0, "the studio's server does not answer; is segue studio still running?");
  }
  if (!response.ok) throw new ServerError(response.status, (await response.text()).trim());
  return response;
}

const json = async <T>(response: Promise<Response>): Promise<T> => (await (await response).json()) as T;

export const getConfig = () => json<Config>(ask("config"));
export const getSchema = () => json<Record<string, unknown>>(ask("schema"));
export const getRules = () => json<Content>(ask("rules"));
export const saveRules = (content: Content) => json<Content>(ask("rules", "PUT", content));
export const check = (text: string) => json<Description>(ask("check", "POST", { text }));
export const getCourse = (session: string, from: number, version: number) =>
  json<CourseAnswer>(ask("course", "POST", { session, from, version }));
export const getBranch = (asked: WhatIf) => json<BranchAnswer>(ask("branch", "POST", asked));
export const getSound = async (what: "session" | "branch", start: number, asked: WhatIf) =>
  (await ask("sound", "POST", { what, start, asked })).arrayBuffer();
export const getText = async (what: "script" | "test" | "recording") => (await ask(what)).text();
