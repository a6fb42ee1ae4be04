// Keeps what a reload needs in this tab's sessionStorage, with a time limit, and in memory where storage is forbidden.

/**
 * @typedef {{id: string, text: string, shown: string}} Unsent
 * @typedef {{session: import("./client.js").Session | null, until: number, unsent: Unsent[], open: boolean,
 *   language: string, draft: string}} Kept
 */

/** A first message that never got through is forgotten after a day. */
export const LONGEST = 24 * 60 * 60 * 1000;

/** @type {Map<string, string>} */
const memory = new Map();

export class Keeping {
  /** @param {string} key */
  constructor(key) {
    this.key = key;
  }

  /** @returns {Kept | null} */
  read() {
    const text = storage((store) => store.getItem(this.key)) ?? memory.get(this.key);
    if (!text) return null;
    try {
      const kept = JSON.parse(text);
      if (kept.until > Date.now()) return kept;
    } catch {
      // Somebody else wrote there; it is of no use to us.
    }
    this.forget();
    return null;
  }

  /** @param {Kept} kept */
  write(kept) {
    const text = JSON.stringify(kept);
    const stored = storage((store) => {
      store.setItem(this.key, text);
      return true;
    });
    if (!stored) memory.set(this.key, text);
  }

  forget() {
    storage((store) => store.removeItem(this.key));
    memory.delete(this.key);
  }
}

/**
 * @template Result
 * @param {(store: Storage) => Result} use
 * @returns {Result | null}
 */
function storage(use) {
  try {
    return use(sessionStorage);
  } catch {
    return null;
  }
}
