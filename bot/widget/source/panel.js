// Shows the conversation: launcher, panel, messages, the field to write in, and the way to delete it all.
import { h, icon, say, set } from "./dom.js";
import { drawChoices, drawReply } from "./message.js";
import { languageOf, link, paragraphs, safeAddress } from "./text.js";
import { transcript } from "./transcript.js";
import { WORDS } from "./words.js";

/**
 * @typedef {import("./conversation.js").Turn} Turn
 * @typedef {{notice: string | null, greeting: string | null, label: string | null, inline: boolean,
 *   tell: (name: string, detail?: object) => void}} Options
 */

const LONGEST = 2000;
const COUNT_FROM = 1800;
const TYPING_AFTER = 700;
/** How long a smooth scroll may take. */
const MOVING = 600;
/** Where the panel takes the whole screen. */
const SMALL = "(max-width: 30em), (max-height: 26em)";

/** What the one-line field is for each thing the assistant can expect; everything else is written in the large one. */
const FIELDS = {
  email: { type: "email", autocomplete: "email", inputmode: "email", autocapitalize: "off" },
  name: { type: "text", autocomplete: "name", inputmode: "text", autocapitalize: "words" },
  country: { type: "text", autocomplete: "country-name", inputmode: "text", autocapitalize: "words" },
  reference: { type: "text", autocomplete: "off", inputmode: "text", autocapitalize: "characters" },
};

export class Panel {
  unread = 0;
  #conversation;
  #options;
  #small = matchMedia(SMALL);

  #pinned = true;
  #movingUntil = 0;
  #typing = 0;
  #asking = false;
  /** @type {import("./text.js").Language} */
  #greeted = "en";
  /** @type {Map<string, HTMLElement>} */
  #drawn = new Map();

  // The launcher.
  #launcherText = h("span");
  #badge = h("span", { class: "badge", "aria-hidden": "true", hidden: true });
  #unreadText = h("span", { class: "unseen" });
  #launcher = press("launcher", () => this.open(), icon("assistant"), this.#launcherText, this.#unreadText, this.#badge);

  // The head of the panel.
  #title = h("h2", { id: "title" });
  #subtitle = h("p");
  #languageButton = press("quiet", () => this.#switchLanguage());
  #closeButton = press("round", () => this.close(), icon("close"));

  // The conversation. The log is a wrapper: as a role of the list itself it would take its items away.
  #list = h("ol");
  #log = h("div", { class: "log", role: "log", tabindex: "0", scroll: () => this.#notePosition() }, this.#list);
  #downText = h("span");
  #down = press("down", () => this.#scrollDown(), icon("down"), this.#downText);
  #dots = h("div", { class: "typing", "aria-hidden": "true", hidden: true }, h("i"), h("i"), h("i"));

  // What the visitor writes in: a large field, or one line of the kind that is expected.
  #large = h("textarea", { rows: "1", maxlength: String(LONGEST), enterkeyhint: "send", name: "message" });
  #line = h("input", { maxlength: String(LONGEST), enterkeyhint: "send", hidden: true });
  #counter = h("span", { class: "counter", id: "counter" });
  #sendButton = press("send", () => this.#submit(), icon("send"));
  #form = h(
    "form",
    {
      novalidate: true,
      submit: (event) => event.preventDefault(),
      input: () => this.#typed(),
      keydown: (event) => this.#keyInField(event),
    },
    this.#large,
    this.#line,
    this.#counter,
    this.#sendButton,
  );

  // What is always at hand.
  #private = h("span");
  #noticePlace = h("span");
  #save = press("quiet", () => this.#download());
  #remove = press("quiet", () => this.#ask(true));
  #footer = h("div", { class: "foot" }, this.#private, this.#noticePlace, this.#save, this.#remove);

  // The question before deleting.
  #question = h("h3", { id: "question" });
  #questionNote = h("p", { id: "question-note" });
  #yes = press("yes", () => this.#erase());
  #no = press("no", () => this.#ask(false));
  #confirm = h(
    "div",
    { class: "confirm", role: "alertdialog", "aria-labelledby": "question", "aria-describedby": "question-note", hidden: true },
    this.#question,
    this.#questionNote,
    h("div", { class: "answers" }, this.#no, this.#yes),
  );

  #dialog = h(
    "dialog",
    {
      class: "panel",
      "aria-labelledby": "title",
      keydown: (event) => this.#keyInPanel(event),
      cancel: (event) => event.preventDefault(),
    },
    // Not header and footer: a dialog does not keep them from counting as those of the page.
    h(
      "div",
      { class: "head" },
      h("span", { class: "mark" }, icon("assistant")),
      h("div", { class: "titles" }, this.#title, this.#subtitle),
      this.#languageButton,
      this.#closeButton,
    ),
    h("div", { class: "talk" }, this.#log, this.#down),
    this.#dots,
    this.#form,
    this.#footer,
    this.#confirm,
  );

  /**
   * @param {import("./conversation.js").Conversation} conversation
   * @param {Options} options
   */
  constructor(conversation, options) {
    this.#conversation = conversation;
    this.#options = options;
    this.#closeButton.hidden = options.inline;
    set(this.#launcher, "aria-haspopup", "dialog");
    // German and English run from left to right; only the side of the page follows the page (element.js).
    this.root = h("div", { class: "root", dir: "ltr" }, !options.inline && this.#launcher, this.#dialog);
  }

  get #words() {
    return WORDS[/** @type {import("./text.js").Language} */ (this.#conversation.language)];
  }

  /** Begin to show; the panel is as it was before a reload, without taking the focus from the page. */
  start() {
    this.#small.addEventListener("change", this.#resized);
    visualViewport?.addEventListener("resize", this.#fit);
    visualViewport?.addEventListener("scroll", this.#fit);
    this.#large.value = this.#conversation.draft;
    this.render();
    if (this.#conversation.isOpen || this.#options.inline) this.#show();
  }

  stop() {
    clearTimeout(this.#typing);
    this.#small.removeEventListener("change", this.#resized);
    visualViewport?.removeEventListener("resize", this.#fit);
    visualViewport?.removeEventListener("scroll", this.#fit);
  }

  open() {
    if (!this.#dialog.open) {
      this.#show();
      this.#options.tell("open");
    }
    this.#field.focus();
  }

  close() {
    if (!this.#dialog.open || this.#options.inline) return;
    this.#ask(false);
    this.#dialog.close();
    this.#conversation.isOpen = false;
    this.#conversation.save();
    this.render();
    this.#launcher.focus();
    this.#options.tell("close");
  }

  /** @param {string} text @param {string} [shown] */
  send(text, shown) {
    this.#pinned = true;
    this.#conversation.send(text, shown);
  }

  /** Count what arrives while nobody looks. @param {import("./client.js").Message} reply */
  arrived(reply) {
    if (!this.#dialog.open) this.unread += 1;
    this.#conversation.language = languageOf(reply.text, this.#language);
  }

  /** Bring what is shown up to what is; nodes that stay the same are not touched, so nothing is announced twice. */
  render() {
    this.#renderWords();
    this.#renderMessages();
    this.#renderField();
    this.#renderTyping();
  }

  get #language() {
    return /** @type {import("./text.js").Language} */ (this.#conversation.language);
  }

  get #active() {
    return /** @type {ShadowRoot} */ (this.root.getRootNode()).activeElement;
  }

  get #field() {
    return this.#line.hidden ? this.#large : this.#line;
  }

  #show() {
    this.unread = 0;
    this.#conversation.isOpen = true;
    if (this.#small.matches && !this.#options.inline) this.#dialog.showModal();
    // Unlike show(), the attribute leaves the focus where the visitor has it.
    else this.#dialog.open = true;
    this.#fit();
    this.#conversation.save();
    this.#conversation.load();
    this.render();
    this.#pinned = true;
    this.#scroll(false);
  }

  #resized = () => {
    if (!this.#dialog.open || this.#options.inline) return;
    const active = /** @type {HTMLElement | null} */ (this.#active);
    this.#dialog.close();
    if (this.#small.matches) this.#dialog.showModal();
    else this.#dialog.open = true;
    this.#fit();
    active?.focus();
  };

  /** Keep the panel above the keyboard of a phone, which covers the page without making it smaller. */
  #fit = () => {
    const view = visualViewport;
    if (!view || !this.#small.matches || view.scale > 1.01) return this.#dialog.removeAttribute("style");
    this.#dialog.style.setProperty("--height", `${view.height}px`);
    this.#dialog.style.setProperty("--top", `${view.offsetTop}px`);
    if (this.#pinned) this.#scroll(false);
  };

  #renderWords() {
    const words = this.#words;
    const conversation = this.#conversation;
    const other = WORDS[this.#language === "de" ? "en" : "de"];
    set(this.root, "lang", this.#language);
    const label = this.#options.label ?? words.launcher;
    say(this.#launcherText, label);
    say(this.#unreadText, this.unread ? ` (${words.unread(this.unread)})` : "");
    set(this.#launcher, "aria-expanded", String(this.#dialog.open));
    say(this.#badge, this.unread ? String(this.unread) : "");
    this.#badge.hidden = !this.unread;
    say(this.#title, words.title);
    say(this.#subtitle, words.subtitle);
    say(this.#languageButton, other.name);
    set(this.#languageButton, "lang", this.#language === "de" ? "en" : "de");
    set(this.#closeButton, "aria-label", words.close);
    set(this.#log, "aria-label", words.log);
    say(this.#downText, words.newMessage);
    set(this.#sendButton, "aria-label", words.send);
    this.#renderNotice();
    say(this.#private, conversation.exists ? "" : words.private);
    say(this.#save, words.save);
    say(this.#remove, words.remove);
    this.#save.hidden = this.#remove.hidden = !conversation.exists;
    say(this.#question, words.removeAsk);
    say(this.#yes, words.removeYes);
    say(this.#no, words.removeNo);
  }

  #renderNotice() {
    const address = safeAddress(this.#options.notice?.replace(/#?\{section\}/, ""), document.baseURI);
    const shown = this.#noticePlace.firstElementChild;
    if (!address || shown?.getAttribute("lang") === this.#language) return;
    const drawn = link(this.#words.notice, address, this.#words.newTab);
    set(drawn, "lang", this.#language);
    this.#noticePlace.replaceChildren(drawn);
  }

  #renderMessages() {
    const conversation = this.#conversation;
    const wanted = [this.#greeting(), ...conversation.turns.flatMap((turn, place) => this.#turn(turn, place))];
    if (conversation.loading) wanted.push(this.#aside("loading", this.#words.loading));
    if (conversation.notice) wanted.push(this.#aside(`notice-${conversation.notice}`, this.#words[conversation.notice]));
    const added = wanted.some((node) => node.parentNode !== this.#list);
    for (const node of [...this.#list.children]) if (!wanted.includes(/** @type {any} */ (node))) this.#drop(node);
    wanted.forEach((node, place) => {
      if (this.#list.children[place] !== node) this.#list.insertBefore(node, this.#list.children[place] ?? null);
    });
    if (added) this.#scroll(true);
  }

  /** The greeting stays in the language the conversation began in; drawn anew it would be announced again. */
  #greeting() {
    const isFresh = this.#conversation.turns.length === 0;
    if (isFresh) this.#greeted = this.#language;
    const words = WORDS[this.#greeted];
    const text = this.#options.greeting ?? words.greeting;
    const node = this.#node(`greeting-${this.#greeted}`, () =>
      h("li", { class: "reply", lang: languageOf(text, this.#greeted) }, h("div", { class: "text" }, ...paragraphs(text, words.newTab))),
    );
    if (!isFresh) this.#withoutChoices(node);
    else if (!node.querySelector(".choices")) {
      const starters = words.starters.map((title) => ({ title, payload: title }));
      node.append(drawChoices(starters, (question) => this.#choose(question)));
    }
    return node;
  }

  /**
   * @param {Turn} turn
   * @param {number} place
   */
  #turn(turn, place) {
    const isLast = place === this.#conversation.turns.length - 1;
    const said = this.#node(turn.id, () =>
      h(
        "li",
        { class: "said", lang: languageOf(turn.shown, this.#language) },
        h("span", { class: "unseen" }, `${this.#words.you}: `),
        h("div", { class: "text", dir: "auto" }, turn.shown),
      ),
    );
    const replies = turn.replies.map((reply) =>
      this.#node(reply.id, () =>
        drawReply(reply, { language: this.#language, notice: this.#options.notice, choose: (text, title) => this.#choose(text, title) }),
      ),
    );
    if (!isLast) for (const node of replies) this.#withoutChoices(node);
    const trouble = this.#trouble(turn);
    return trouble ? [said, trouble, ...replies] : [said, ...replies];
  }

  /** @param {Turn} turn */
  #trouble(turn) {
    const kind = turn.state === "refused" ? "refused" : turn.state === "waiting" ? (turn.trouble ?? "waiting") : "";
    if (!kind) return null;
    const again = () => h("button", { type: "button", class: "quiet", click: this.#conversation.hurry }, this.#words.again);
    return this.#aside(`${turn.id}-${kind}`, this.#words[kind], kind === "waiting" ? again : undefined);
  }

  /**
   * @param {string} key
   * @param {string} text
   * @param {() => Node} [more]
   */
  #aside(key, text, more) {
    return this.#node(`${key}-${this.#language}`, () => h("li", { class: "aside" }, h("span", {}, text), more?.()));
  }

  /**
   * @param {string} key
   * @param {() => HTMLElement} draw
   */
  #node(key, draw) {
    let node = this.#drawn.get(key);
    if (!node) this.#drawn.set(key, (node = draw()));
    return node;
  }

  /** @param {Element} node */
  #drop(node) {
    const had = node.contains(this.#active);
    node.remove();
    if (had) this.#rest();
  }

  /** @param {Element} node */
  #withoutChoices(node) {
    const choices = node.querySelector(".choices");
    if (choices) this.#drop(choices);
  }

  /** Put the focus where the visitor goes on, without calling up a phone's keyboard. */
  #rest() {
    if (matchMedia("(pointer: coarse)").matches) this.#log.focus();
    else this.#field.focus();
  }

  #renderField() {
    const { turns } = this.#conversation;
    const last = turns[turns.length - 1]?.replies.at(-1);
    const expects = /** @type {keyof import("./words.js").Words["fields"]} */ (last?.expects ?? "text");
    const field = FIELDS[/** @type {keyof typeof FIELDS} */ (expects)];
    this.#useField(field ? this.#line : this.#large);
    for (const [name, value] of Object.entries(field ?? {})) set(this.#line, name, value);
    set(this.#line, "name", expects);
    const label = this.#words.fields[expects] ?? this.#words.fields.text;
    for (const one of [this.#large, this.#line]) {
      set(one, "placeholder", label);
      set(one, "aria-label", label);
    }
    this.#renderCount();
  }

  /** @param {HTMLInputElement | HTMLTextAreaElement} wanted */
  #useField(wanted) {
    const present = this.#field;
    if (present === wanted) return;
    const isActive = this.#active === present;
    wanted.hidden = false;
    wanted.value = present.value;
    present.hidden = true;
    present.value = "";
    if (isActive) wanted.focus();
  }

  #renderCount() {
    const { length } = this.#field.value;
    say(this.#counter, length >= COUNT_FROM ? this.#words.left(LONGEST - length) : "");
    set(this.#field, "aria-describedby", length >= COUNT_FROM ? "counter" : null);
    this.#large.style.setProperty("height", "auto");
    if (this.#large.value) this.#large.style.setProperty("height", `${this.#large.scrollHeight + 2}px`);
  }

  #renderTyping() {
    const waits = this.#conversation.turns.some((turn) => turn.state === "sending");
    if (!waits) {
      clearTimeout(this.#typing);
      this.#typing = 0;
      this.#dots.hidden = true;
    } else if (!this.#typing) {
      this.#typing = setTimeout(() => {
        this.#dots.hidden = false;
        if (this.#pinned) this.#scroll(true);
      }, TYPING_AFTER);
    }
  }

  /** @param {string} text @param {string} [title] */
  #choose(text, title) {
    this.send(text, title);
  }

  /** Send what is written; not by the form itself, which a sandboxed frame would forbid. */
  #submit() {
    const text = this.#field.value.trim();
    if (!text) return this.#field.focus();
    this.#field.value = "";
    this.send(text);
    this.#field.focus();
  }

  #typed() {
    this.#conversation.draft = this.#field.value;
    this.#conversation.save();
    this.#renderCount();
  }

  /** @param {KeyboardEvent} event */
  #keyInField(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.target === this.#sendButton) return;
    event.preventDefault();
    this.#submit();
  }

  /** @param {KeyboardEvent} event */
  #keyInPanel(event) {
    if (event.key !== "Escape" || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    if (this.#asking) this.#ask(false);
    else this.close();
  }

  #switchLanguage() {
    const request = this.#words.otherLanguage;
    this.#conversation.language = this.#language === "de" ? "en" : "de";
    if (this.#conversation.exists) this.send(request);
    this.#conversation.save();
    this.render();
    this.#options.tell("language", { language: this.#conversation.language });
  }

  #download() {
    const file = new Blob([transcript(this.#conversation, this.#words)], { type: "text/plain" });
    const address = URL.createObjectURL(file);
    h("a", { href: address, download: `${this.#words.file}.txt` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  }

  /** @param {boolean} asking */
  #ask(asking) {
    if (this.#asking === asking) return;
    this.#asking = asking;
    say(this.#questionNote, this.#words.removeNote);
    this.#confirm.hidden = !asking;
    this.#footer.inert = this.#form.inert = asking;
    if (asking) this.#no.focus();
    else if (this.#remove.hidden) this.#field.focus();
    else this.#remove.focus();
  }

  async #erase() {
    say(this.#questionNote, this.#words.removing);
    this.#confirm.inert = true;
    try {
      await this.#conversation.erase();
      this.#field.value = "";
      this.#ask(false);
      this.#options.tell("delete");
    } catch {
      say(this.#questionNote, this.#words.removeFailed);
    } finally {
      this.#confirm.inert = false;
    }
    if (this.#asking) this.#yes.focus();
  }

  /** Note whether the visitor reads further up; our own scrolling says nothing about that. */
  #notePosition() {
    if (Date.now() < this.#movingUntil) return;
    const { scrollTop, scrollHeight, clientHeight } = this.#log;
    this.#pinned = scrollHeight - clientHeight - scrollTop < 48;
    if (this.#pinned) this.#down.classList.remove("shown");
  }

  #scrollDown() {
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#rest();
  }

  /** Show the newest turn from its beginning; who reads further up is only told. @param {boolean} gently */
  #scroll(gently) {
    if (!this.#dialog.open) return;
    if (!this.#pinned) return this.#down.classList.add("shown");
    const said = this.#list.querySelectorAll(".said");
    const top = /** @type {HTMLElement | undefined} */ (said[said.length - 1])?.offsetTop ?? 0;
    this.#movingUntil = Date.now() + MOVING;
    const calm = !gently || matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.#log.scrollTo({ top: said.length ? top - 12 : this.#log.scrollHeight, behavior: calm ? "instant" : "smooth" });
  }
}

/**
 * @param {string} name
 * @param {() => void} click
 * @param {...Node} inside
 */
function press(name, click, ...inside) {
  return h("button", { type: "button", class: name, click }, ...inside);
}
