// Talks to the webchat channel. Sends no cookie, no referrer and no page address; reads replies as they come.

/**
 * @typedef {{id: string, text: string, from?: "visitor" | "assistant",
 *   buttons?: {title: string, payload: string}[],
 *   source?: {topic: string, section?: string, section_title?: string, statement_date?: string},
 *   ticket?: {reference: string, kind: string, due?: string},
 *   authority?: {place: string, name: string, website?: string},
 *   flow?: {kind: string, step: string, status: string},
 *   expects?: string}} Message
 * @typedef {{token: string, expires: number}} Session
 */

/** A line that says nothing for so long is taken for broken; the server gives a sign of life every ten seconds. */
const SILENCE = 30_000;

/** What went wrong: status 0 is the network, everything else the server's own status and code. */
export class RequestError extends Error {
  /**
   * @param {number} status
   * @param {string} [code]
   * @param {number} [retryAfter] milliseconds
   */
  constructor(status, code = "", retryAfter = 0) {
    super(`${status} ${code}`);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may well work later. */
  get passes() {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

export class Client {
  /** @param {string} address where the channel is, without a slash at the end */
  constructor(address) {
    this.address = address;
  }

  /**
   * @param {string} language
   * @returns {Promise<Session>}
   */
  async begin(language) {
    const answer = await this.#json("POST", "/sessions", null, { language });
    return { token: answer.token, expires: Date.parse(answer.expires_at) };
  }

  /**
   * @param {string} token
   * @returns {Promise<Message[]>}
   */
  async history(token) {
    return (await this.#json("GET", "/messages", token)).messages;
  }

  /** @param {string} token */
  async erase(token) {
    await this.#json("DELETE", "/session", token);
  }

  /**
   * Send a message and hand over each reply; resolves only when the server said that this was all.
   * @param {string} token
   * @param {string} id
   * @param {string} text
   * @param {(message: Message) => void} take
   * @param {AbortSignal} signal
   */
  async send(token, id, text, take, signal) {
    await this.#request("POST", "/messages", token, { id, text }, async (response, alive) => {
      const kind = response.headers.get("content-type") ?? "";
      if (!response.body || !kind.includes("event-stream")) {
        for (const message of (await response.json()).messages) take(message);
        return;
      }
      for await (const event of events(response.body, alive)) {
        if (event.name === "message") take(event.data);
        if (event.name === "error") throw new RequestError(503, event.data?.error?.code);
        if (event.name === "done") return;
      }
      throw new RequestError(0, "broken");
    }, signal);
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {string | null} token
   * @param {object} [body]
   * @returns {Promise<any>}
   */
  #json(method, path, token, body) {
    return this.#request(method, path, token, body, (response) => (response.status === 204 ? null : response.json()));
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {string | null} token
   * @param {object | undefined} body
   * @param {(response: Response, alive: () => void) => any} read
   * @param {AbortSignal} [signal]
   */
  async #request(method, path, token, body, read, signal) {
    const control = new AbortController();
    const stop = () => control.abort();
    let timer = setTimeout(stop, SILENCE);
    const alive = () => {
      clearTimeout(timer);
      timer = setTimeout(stop, SILENCE);
    };
    signal?.addEventListener("abort", stop);
    try {
      const response = await fetch(this.address + path, {
        method,
        headers: {
          ...(token && { Authorization: `Bearer ${token}` }),
          ...(body && { "Content-Type": "application/json", Accept: "text/event-stream, application/json" }),
        },
        body: body && JSON.stringify(body),
        signal: control.signal,
        credentials: "omit",
        referrerPolicy: "no-referrer",
        cache: "no-store",
        redirect: "error",
      });
      alive();
      if (!response.ok) throw await refusal(response);
      return await read(response, alive);
    } catch (error) {
      throw error instanceof RequestError ? error : new RequestError(0, "network");
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    }
  }
}

/** @param {Response} response */
async function refusal(response) {
  const body = await response.json().catch(() => null);
  const seconds = Number(response.headers.get("retry-after")) || 0;
  return new RequestError(response.status, body?.error?.code, seconds * 1000);
}

/**
 * Read server-sent events; only whole ones are given on.
 * @param {ReadableStream<Uint8Array>} body
 * @param {() => void} alive
 * @returns {AsyncGenerator<{name: string, data: any}>}
 */
async function* events(body, alive) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      alive();
      text += decoder.decode(value, { stream: true });
      const blocks = text.split(/\r?\n\r?\n/);
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        const data = /^data: ?(.*)$/m.exec(block);
        if (data) yield { name: /^event: ?(.*)$/m.exec(block)?.[1] ?? "message", data: JSON.parse(data[1]) };
      }
    }
  } finally {
    release(reader);
  }
}

/**
 * Read what may still come: the server closes the line after its last event, and only one that stays open is cut.
 * @param {ReadableStreamDefaultReader<Uint8Array>} reader
 */
async function release(reader) {
  const cut = setTimeout(() => reader.cancel().catch(() => {}), 1000);
  try {
    while (!(await reader.read()).done);
  } catch {
    // It was broken already.
  }
  clearTimeout(cut);
}
