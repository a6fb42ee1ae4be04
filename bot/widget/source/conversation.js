// Holds the conversation and sees to it that every message arrives once: through lost connections, reloads, other tabs.
import { RequestError } from "./client.js";
import { LONGEST } from "./keeping.js";

/**
 * One message of the visitor with what was answered. `sent` is what the server confirmed, `refused` what it will never
 * take; `sending` and `waiting` are still to be delivered.
 * @typedef {import("./client.js").Message} Message
 * @typedef {{id: string, text: string, shown: string, state: "sending" | "waiting" | "sent" | "refused",
 *   trouble?: "offline" | "busy" | "waiting", elsewhere?: boolean, replies: Message[]}} Turn
 */

const PAUSES = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000];
/** After so long without news of a message that another tab is sending, this tab sends it as well; its id is the same. */
const TAKE_OVER = 12_000;
/** How long a new tab waits for older ones to tell it the conversation. */
const ASKING = 60;
/** How long a tab waits for another one that is beginning the conversation. */
const LOCKED = 5_000;

export class Conversation {
  /** @type {import("./client.js").Session | null} */
  session = null;
  /** @type {Turn[]} */
  turns = [];
  /** What is to be said about the conversation as a whole. @type {"" | "expired" | "removed"} */
  notice = "";
  loading = false;
  isOpen = false;
  draft = "";

  #client;
  #keeping;
  #changed;
  #tabs;
  #isPumping = false;
  #isStopped = false;
  #isLoaded = true;
  /** What ends the pauses that are being made. @type {Set<() => void>} */
  #wakers = new Set();
  #control = new AbortController();
  #expiry = 0;

  /**
   * @param {import("./client.js").Client} client
   * @param {import("./keeping.js").Keeping} keeping
   * @param {(hear: (message: any) => void) => import("./tabs.js").Tabs} connect
   * @param {string} language
   * @param {(event: {reply?: Message, language?: string}) => void} changed
   */
  constructor(client, keeping, connect, language, changed) {
    this.#client = client;
    this.#keeping = keeping;
    this.language = language;
    this.#changed = changed;
    this.#tabs = connect((message) => this.#hear(message));
    addEventListener("online", this.hurry);
    addEventListener("pagehide", this.#leave);
    document.addEventListener("visibilitychange", this.hurry);
  }

  /** Take up what this tab kept or what another tab holds. */
  restore() {
    const kept = this.#keeping.read();
    if (!kept) return this.#tabs.tell({ type: "hello" });
    this.language = kept.language;
    this.isOpen = kept.open;
    this.draft = kept.draft;
    this.#hold(kept.session);
    this.#isLoaded = !kept.session;
    for (const unsent of kept.unsent) this.turns.push({ ...unsent, state: "sending", replies: [] });
    if (this.isOpen || this.turns.length) this.load();
  }

  /** Whether there is anything that could be deleted. */
  get exists() {
    return Boolean(this.session) || this.turns.length > 0;
  }

  /**
   * Send what the visitor said, or a button's payload that is shown as its title.
   * @param {string} text
   * @param {string} [shown]
   */
  send(text, shown = text) {
    /** @type {Turn} */
    const turn = { id: newId(), text, shown, state: "sending", replies: [] };
    this.notice = "";
    this.turns.push(turn);
    this.draft = "";
    this.save();
    this.#tabs.tell({ type: "turn", turn });
    this.#changed({});
    this.load();
  }

  /** Bring the history from the server once, then deliver what waits. */
  async load() {
    if (!this.#isLoaded && this.session && !this.loading) {
      this.loading = true;
      this.#changed({});
      await this.#untilItWorks(async (session) => this.#merge(await this.#client.history(session.token)));
      this.loading = false;
      this.#isLoaded = true;
      this.#changed({});
    }
    if (!this.loading) this.#pump();
  }

  /** Try at once what waits for its next attempt. */
  hurry = () => {
    if (!document.hidden) this.#wake();
  };

  #wake = () => {
    for (const wake of this.#wakers) wake();
  };

  /** Erase the conversation on the server, then here and in the other tabs; throws when the server could not. */
  async erase() {
    if (this.session) {
      try {
        await this.#client.erase(this.session.token);
      } catch (error) {
        if (!(error instanceof RequestError) || error.status !== 401) throw error;
      }
    }
    this.#tabs.tell({ type: "erased" });
    this.#forget("removed");
  }

  /** Keep what a reload needs; before the first message there is nothing to keep. */
  save() {
    if (!this.exists) return;
    const unsent = this.turns
      .filter((turn) => isUnsent(turn))
      .map(({ id, text, shown }) => ({ id, text, shown }));
    this.#keeping.write({
      session: this.session,
      until: this.session?.expires ?? Date.now() + LONGEST,
      unsent,
      open: this.isOpen,
      language: this.language,
      draft: this.draft,
    });
  }

  /** Let go of everything outside, for an element that was taken off the page. */
  stop() {
    this.#isStopped = true;
    this.#control.abort();
    this.#wake();
    clearTimeout(this.#expiry);
    this.#tabs.close();
    removeEventListener("online", this.hurry);
    removeEventListener("pagehide", this.#leave);
    document.removeEventListener("visibilitychange", this.hurry);
  }

  async #pump() {
    if (this.#isPumping) return;
    this.#isPumping = true;
    try {
      for (let turn = this.#next(); turn && !this.#isStopped; turn = this.#next()) await this.#deliver(turn);
    } finally {
      this.#isPumping = false;
    }
  }

  #next() {
    return this.turns.find((turn) => isUnsent(turn) && !turn.elsewhere);
  }

  /** @param {Turn} turn */
  async #deliver(turn) {
    const { signal } = this.#control;
    await this.#untilItWorks(async (session) => {
      if (turn.state === "sent") return;
      turn.state = "sending";
      this.#changed({});
      await this.#client.send(session.token, turn.id, turn.text, (message) => this.#take(turn, message), signal);
      this.#confirm(turn);
    }, turn);
  }

  /** @param {Turn} turn */
  #confirm(turn) {
    turn.state = "sent";
    delete turn.trouble;
    this.save();
    this.#tabs.tell({ type: "turn", turn });
    this.#changed({});
  }

  /**
   * Repeat an attempt, with longer and longer pauses, until it works, can never work, or the conversation is over.
   * @param {(session: import("./client.js").Session) => Promise<void>} attempt
   * @param {Turn} [turn] what the attempt delivers; only that may begin a session
   */
  async #untilItWorks(attempt, turn) {
    const { signal } = this.#control;
    for (let tries = 0; !signal.aborted; tries += 1) {
      try {
        const session = this.session ?? (turn ? await this.#begin() : null);
        if (!session || signal.aborted) return;
        return await attempt(session);
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof RequestError)) throw error;
        if (error.status === 401) this.#expire(turn);
        else if (!error.passes) return this.#refuse(turn);
        else await this.#pause(tries, error, turn);
      }
    }
  }

  /**
   * @param {number} tries
   * @param {RequestError} error
   * @param {Turn} [turn]
   */
  async #pause(tries, error, turn) {
    const { signal } = this.#control;
    if (turn) {
      turn.state = "waiting";
      turn.trouble = navigator.onLine === false ? "offline" : error.status === 429 ? "busy" : "waiting";
    }
    this.#changed({});
    const pause = PAUSES[Math.min(tries, PAUSES.length - 1)] * (0.8 + 0.4 * Math.random());
    await new Promise((/** @type {(value?: any) => void} */ resolve) => {
      // What the server asked us to wait is waited whatever wakes us; hurrying would only be refused again.
      const until = Date.now() + error.retryAfter;
      const wake = () => {
        if (Date.now() < until && !signal.aborted) return;
        clearTimeout(timer);
        this.#wakers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, Math.max(pause, error.retryAfter));
      this.#wakers.add(wake);
    });
  }

  async #begin() {
    const begin = async () => {
      this.#tabs.tell({ type: "hello" });
      await new Promise((resolve) => setTimeout(resolve, this.#tabs.channel ? ASKING : 0));
      if (this.session) return this.session;
      const session = await this.#client.begin(this.language);
      if (this.#control.signal.aborted) return null;
      this.#hold(session);
      this.save();
      this.#tabs.tell({ type: "session", session });
      return session;
    };
    // Two tabs that begin at the same moment must end with one conversation; browsers offer locks to secure pages. A tab
    // that the system has put to sleep may hold the lock for ever, so nobody waits long.
    const alone = navigator.locks?.request(this.#keeping.key, { signal: AbortSignal.timeout(LOCKED) }, begin);
    return alone?.catch((error) => {
      if (error instanceof RequestError) throw error;
      return begin();
    }) ?? begin();
  }

  /** @param {import("./client.js").Session | null} session */
  #hold(session) {
    this.session = session;
    clearTimeout(this.#expiry);
    if (!session) return;
    const left = Math.min(session.expires - Date.now(), 2 ** 31 - 1);
    this.#expiry = setTimeout(() => this.#expire(), left);
  }

  /**
   * The session is worth nothing any more: everything goes but the message that is being delivered.
   * @param {Turn} [turn]
   */
  #expire(turn) {
    const unsent = this.turns.filter(isUnsent);
    this.#hold(null);
    this.turns = unsent;
    this.notice = "expired";
    // A button of the old conversation means nothing to the new one; its title says the same in words.
    for (const left of unsent) left.text = left.shown;
    this.#keeping.forget();
    if (turn || unsent.length) this.save();
    this.#isLoaded = true;
    this.#changed({});
  }

  /** @param {Turn} [turn] */
  #refuse(turn) {
    if (!turn) return;
    turn.state = "refused";
    this.save();
    this.#tabs.tell({ type: "turn", turn });
    this.#changed({});
  }

  /** @param {"" | "removed"} notice */
  #forget(notice) {
    this.#control.abort();
    this.#control = new AbortController();
    this.#wake();
    this.#hold(null);
    this.turns = [];
    this.draft = "";
    this.notice = notice;
    this.#keeping.forget();
    this.#changed({});
  }

  /**
   * @param {Turn} turn
   * @param {Message} message
   */
  #take(turn, message) {
    if (turn.replies.some((reply) => reply.id === message.id)) return;
    turn.replies.push(message);
    this.#changed({ reply: message });
  }

  /** @param {Message[]} history */
  #merge(history) {
    /** @type {Turn[]} */
    const turns = [];
    for (const message of history) {
      if (message.from === "visitor") turns.push(this.#known(message));
      else if (turns.length) this.#addQuietly(turns[turns.length - 1], message);
    }
    const ids = new Set(turns.map((turn) => turn.id));
    this.turns = [...turns, ...this.turns.filter((turn) => !ids.has(turn.id))];
  }

  /**
   * @param {Message} message
   * @returns {Turn}
   */
  #known(message) {
    const known = this.turns.find((turn) => turn.id === message.id);
    return known ?? { id: message.id, text: message.text, shown: message.text, state: "sent", replies: [] };
  }

  /**
   * @param {Turn} turn
   * @param {Message} message
   */
  #addQuietly(turn, message) {
    if (!turn.replies.some((reply) => reply.id === message.id)) turn.replies.push(message);
  }

  /** @param {any} message */
  #hear(message) {
    if (message.type === "hello" && this.session) {
      const unsent = this.turns.filter(isUnsent);
      this.#tabs.tell({ type: "session", session: this.session, language: this.language, unsent });
    }
    if (message.type === "session") this.#adopt(message);
    if (message.type === "turn") this.#hearTurn(message.turn);
    if (message.type === "leaving") this.#takeOver(message.ids);
    if (message.type === "erased") this.#forget("removed");
  }

  /** @param {{session: import("./client.js").Session, language?: string, unsent?: Turn[]}} told */
  #adopt({ session, language, unsent = [] }) {
    if (this.session) return;
    this.#hold(session);
    if (language) this.language = language;
    this.#isLoaded = false;
    for (const turn of unsent) this.#hearTurn(turn);
    this.save();
    this.#changed({ language });
    if (this.isOpen) this.load();
  }

  /** @param {Turn} told */
  #hearTurn(told) {
    const known = this.turns.find((turn) => turn.id === told.id);
    if (!known) {
      const mine = this.turns.some((turn) => isUnsent(turn) && !turn.elsewhere);
      this.turns.push({ ...told, elsewhere: true });
      if (mine) this.#isLoaded = false;
      this.notice = "";
      if (isUnsent(told)) setTimeout(() => this.#takeOver([told.id]), TAKE_OVER);
    } else {
      for (const reply of told.replies) this.#take(known, reply);
      if (!isUnsent(told)) known.state = told.state;
    }
    this.save();
    this.#changed({});
    // Both tabs were sending: only the server knows which message came first.
    if (told.state === "sent" && !this.#isLoaded && !this.#next()) this.load();
  }

  /** @param {string[]} ids */
  #takeOver(ids) {
    for (const turn of this.turns) if (ids.includes(turn.id) && isUnsent(turn)) turn.elsewhere = false;
    this.#pump();
  }

  #leave = () => {
    const ids = this.turns.filter(isUnsent).map((turn) => turn.id);
    if (ids.length) this.#tabs.tell({ type: "leaving", ids });
  };
}

/** @param {Turn} turn */
export function isUnsent(turn) {
  return turn.state === "sending" || turn.state === "waiting";
}

function newId() {
  // randomUUID exists on secure pages only; the channel takes any string.
  return crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(36)).join("-");
}
