// How the widget looks. Sizes are in em, so that they follow the visitor's own text size and no host page's root size.
export default `
:host {
  all: initial !important;
  display: block !important;
  font-size: medium !important;
}
:host([position="inline"]) { height: var(--privacy-assistant-height, 40em) !important; }
*, ::before, ::after { box-sizing: border-box; }
[hidden] { display: none !important; }
.root {
  color-scheme: light dark;
  --accent: var(--privacy-assistant-accent, light-dark(#0b5b6a, #7fd0de));
  --on-accent: var(--privacy-assistant-on-accent, light-dark(#fff, #05262d));
  --surface: var(--privacy-assistant-surface, light-dark(#fff, #12181b));
  --ink: var(--privacy-assistant-ink, light-dark(#17262b, #e7edef));
  --said: var(--privacy-assistant-accent, light-dark(#0b5b6a, #15505c));
  --on-said: var(--privacy-assistant-on-accent, #fff);
  --soft: light-dark(#f1f5f6, #1e272b);
  --line: light-dark(#dbe3e6, #313d42);
  --edge: light-dark(#74868d, #7d9098);
  --muted: light-dark(#51636a, #a5b5bb);
  --danger: light-dark(#a4291a, #ff9f8f);
  --on-danger: light-dark(#fff, #350b05);
  --shade: light-dark(rgb(16 42 51 / .2), rgb(0 0 0 / .6));
  --radius: var(--privacy-assistant-radius, 1.125em);
  --away: var(--privacy-assistant-offset, 1.25em);
  color: var(--ink);
  font: 400 .9375em/1.5 var(--privacy-assistant-font, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif);
  text-align: start;
  -webkit-text-size-adjust: 100%;
}
@supports not (color: light-dark(#000, #fff)) {
  .root {
    --accent: var(--privacy-assistant-accent, #0b5b6a); --on-accent: var(--privacy-assistant-on-accent, #fff);
    --surface: var(--privacy-assistant-surface, #fff); --ink: var(--privacy-assistant-ink, #17262b);
    --soft: #f1f5f6; --line: #dbe3e6; --edge: #74868d; --muted: #51636a;
    --said: var(--accent); --on-said: var(--on-accent); --danger: #a4291a; --on-danger: #fff; --shade: rgb(16 42 51 / .2);
  }
}
.root[data-theme="light"] { color-scheme: light; }
.root[data-theme="dark"] { color-scheme: dark; }
h2, h3, p, ol, ul { margin: 0; padding: 0; font: inherit; }
ol, ul { list-style: none; }
svg { width: 1.375em; height: 1.375em; flex: none; fill: none; stroke: currentColor; stroke-width: 1.75; stroke-linecap: round; stroke-linejoin: round; }
a { color: var(--accent); text-underline-offset: .15em; overflow-wrap: anywhere; }
button { font: inherit; color: inherit; background: none; border: 1px solid transparent; border-radius: .75em; margin: 0; padding: 0 .75em; min-width: 44px; min-height: 44px; cursor: pointer; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.unseen { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.launcher {
  position: fixed; inset-block-end: var(--away); inset-inline-end: var(--away); z-index: var(--privacy-assistant-layer, 2147483000);
  display: flex; align-items: center; gap: .6em; min-height: 52px; padding: 0 1.25em 0 1em;
  color: var(--on-accent); background: var(--accent); border-radius: 26px; font-weight: 600;
  box-shadow: 0 .4em 1.4em var(--shade); transition: transform .16s, box-shadow .16s;
}
.launcher:focus-visible { outline-offset: 3px; }
.badge { position: absolute; inset-block-start: -.5em; inset-inline-end: -.3em; min-width: 1.7em; padding: 0 .4em; border: 2px solid var(--surface); border-radius: 1em; background: var(--danger); color: var(--on-danger); font-size: .8125em; line-height: 1.5; text-align: center; }
[data-position="left"] .launcher, [data-position="left"] .panel { inset-inline: var(--away) auto; }

.panel {
  position: fixed; inset: auto; inset-block-end: var(--away); inset-inline-end: var(--away); z-index: var(--privacy-assistant-layer, 2147483000);
  width: 25.5em; max-width: calc(100vw - 2 * var(--away)); height: 44em; max-height: calc(100dvh - 2 * var(--away));
  margin: 0; padding: 0; overflow: hidden; color: inherit; background: var(--surface);
  border: 1px solid var(--line); border-radius: var(--radius); box-shadow: 0 1em 3em var(--shade), 0 .1em .4em var(--shade);
}
.panel[open] { display: flex; flex-direction: column; animation: rise .22s cubic-bezier(.2, .8, .3, 1); }
.panel::backdrop { background: none; }
.root:has(.panel[open]) .launcher { visibility: hidden; }
[data-position="inline"] .panel { position: static; width: 100%; max-width: none; height: var(--privacy-assistant-height, 40em); max-height: none; box-shadow: none; animation: none; }
@keyframes rise { from { opacity: 0; transform: translateY(.75em) scale(.985); } }

.head { display: flex; align-items: center; gap: .25em; padding: .7em .5em .7em 1em; border-block-end: 1px solid var(--line); }
.mark { display: grid; place-items: center; flex: none; width: 2.5em; height: 2.5em; margin-inline-end: .5em; border-radius: .8em; color: var(--on-accent); background: var(--accent); }
.titles { flex: 1; min-width: 0; line-height: 1.3; }
h2 { font-weight: 650; letter-spacing: -.01em; }
.titles p { color: var(--muted); font-size: .8125em; }
.quiet { color: var(--muted); font-size: .8125em; text-decoration: underline transparent; text-underline-offset: .2em; transition: color .15s, text-decoration-color .15s; }
.round { display: grid; place-items: center; padding: 0; color: var(--muted); }

.talk { position: relative; flex: 1; min-height: 0; display: flex; }
.log { position: relative; flex: 1; min-height: 0; overflow: hidden auto; overscroll-behavior: contain; padding: 1.1em 1em .5em; scrollbar-width: thin; scrollbar-color: var(--line) transparent; }
.log:focus-visible { outline-offset: -3px; }
ol { display: flex; flex-direction: column; gap: .7em; min-height: 100%; }
ol > li { animation: appear .25s ease-out; max-width: 100%; }
@keyframes appear { from { opacity: 0; transform: translateY(.35em); } }
.text { padding: .65em .9em; border: 1px solid transparent; border-radius: 1em; white-space: pre-line; overflow-wrap: anywhere; }
.reply .text { background: var(--soft); border-start-start-radius: .3em; max-width: 22em; width: fit-content; }
.reply p + p { margin-block-start: .6em; }
.said { align-self: flex-end; max-width: 85%; }
.said .text { color: var(--on-said); background: var(--said); border-end-end-radius: .3em; }
.said:not(:first-child), .reply + .said { margin-block-start: .5em; }
.aside { align-self: center; display: flex; flex-wrap: wrap; align-items: center; justify-content: center; gap: 0 .25em; color: var(--muted); font-size: .8125em; text-align: center; }
.said + .aside { align-self: flex-end; text-align: end; }
.aside .quiet { font-size: 1em; color: var(--accent); text-decoration-color: currentColor; }
.source { display: flex; gap: .4em; margin-block: .45em 0 !important; padding-inline: .3em; color: var(--muted); font-size: .8125em; line-height: 1.4; }
.source svg { width: 1.15em; height: 1.15em; margin-block-start: .1em; }
.source a { color: inherit; display: inline-block; }
.choices { display: flex; flex-wrap: wrap; gap: .5em; margin-block-start: .7em; }
.choice { padding: .4em 1em; border-color: var(--accent); border-radius: 22px; color: var(--accent); background: var(--surface); font-weight: 550; text-align: start; line-height: 1.3; transition: background .15s, color .15s; }
.card { margin-block-start: .6em; max-width: 22em; padding: .9em 1em; border: 1px solid var(--line); border-inline-start: .25em solid var(--accent); border-radius: .8em; background: var(--surface); }
.card p + p { margin: 0; }
.card .label { color: var(--muted); font-size: .8125em; }
.card * + .label { margin-block-start: .6em; }
.number { font: 650 1.25em/1.4 ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "Noto Sans Mono", monospace; letter-spacing: .02em; user-select: all; overflow-wrap: anywhere; }
.card time, .card .name { font-weight: 600; }
.copy { display: inline-flex; align-items: center; gap: .5em; margin-block-start: .7em; border-color: var(--edge); }
.copy svg { width: 1.15em; height: 1.15em; }
.down { position: absolute; inset-block-end: .6em; inset-inline: 0; width: fit-content; margin-inline: auto; display: none; align-items: center; gap: .4em; padding-inline: .8em 1.1em; border-color: var(--line); border-radius: 22px; background: var(--surface); box-shadow: 0 .3em 1em var(--shade); font-size: .875em; font-weight: 550; }
.down.shown { display: flex; }
.down svg { width: 1.15em; height: 1.15em; }
.typing { display: flex; gap: .3em; padding: .5em 1.4em; }
.typing i { width: .45em; height: .45em; border-radius: 50%; background: var(--edge); animation: breathe 1.2s infinite ease-in-out; }
.typing i:nth-child(2) { animation-delay: .16s; }
.typing i:nth-child(3) { animation-delay: .32s; }
@keyframes breathe { 0%, 60%, 100% { opacity: .35; } 30% { opacity: 1; transform: translateY(-.2em); } }

form { display: flex; align-items: flex-end; gap: .5em; position: relative; margin: 0; padding: .5em 1em; }
textarea, input { flex: 1; min-width: 0; min-height: 46px; max-height: 9em; margin: 0; padding: .6em .9em; resize: none; font: inherit; font-size: max(1em, 16px); line-height: 1.4; color: inherit; background: var(--surface); border: 1px solid var(--edge); border-radius: 1.4em; scrollbar-width: thin; }
textarea:focus-visible, input:focus-visible { outline-offset: -1px; border-color: var(--accent); }
::placeholder { color: var(--muted); opacity: 1; }
textarea::placeholder, input::placeholder { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.send { display: grid; place-items: center; flex: none; width: 46px; height: 46px; padding: 0; border-radius: 50%; color: var(--on-accent); background: var(--accent); transition: transform .15s; }
.counter { position: absolute; inset-block-end: 100%; inset-inline-end: 5.5em; padding: 0 .4em; background: var(--surface); color: var(--muted); font-size: .8125em; }
.foot { display: flex; flex-wrap: wrap; align-items: center; padding: 0 .35em .25em; color: var(--muted); font-size: .8125em; line-height: 1.35; }
.foot .quiet { font-size: 1em; padding-inline: .65em; }
.foot > span { padding-inline: .65em; }
.foot > span:empty { display: none; }
.foot > span:first-child { flex: 1 1 14em; padding-block: .5em .6em; }
.foot > :last-child { margin-inline-start: auto; }
.foot a { display: inline-flex; align-items: center; min-height: 44px; color: inherit; }
.confirm { position: absolute; inset: auto 0 0; padding: 1.25em; border-block-start: 1px solid var(--line); background: var(--surface); box-shadow: 0 -.6em 2em var(--shade); animation: rise .18s; }
h3 { font-weight: 650; }
.confirm p { margin-block: .25em 1em; color: var(--muted); }
.answers { display: flex; flex-wrap: wrap; gap: .6em; }
.answers button { flex: 1; border-color: var(--edge); font-weight: 600; }
.answers .yes { color: var(--on-danger); background: var(--danger); border-color: transparent; }

@media (hover: hover) {
  .launcher:hover { transform: translateY(-2px); box-shadow: 0 .6em 1.8em var(--shade); }
  .quiet:hover { color: var(--ink); text-decoration-color: currentColor; }
  .round:hover { color: var(--ink); background: var(--soft); }
  .choice:hover { color: var(--on-accent); background: var(--accent); }
  .copy:hover { background: var(--soft); }
  .send:hover { transform: scale(1.05); }
  .answers .no:hover { background: var(--soft); }
}
@media (max-width: 30em), (max-height: 26em) {
  .root:not([data-position="inline"]) .panel { inset: var(--top, 0) 0 auto !important; width: 100%; max-width: none; height: var(--height, 100dvh); max-height: none; border: 0; border-radius: 0; }
  .head { padding-block-start: max(.6em, env(safe-area-inset-top)); }
  .foot { padding-block-end: max(.15em, env(safe-area-inset-bottom)); }
  .reply .text, .card { max-width: 92%; }
}
@media (max-height: 26em) {
  .panel { overflow: auto; }
  .log { min-height: 9em; }
  .talk { flex: none; }
  .head { padding-block: .1em; }
  .titles p { display: none; }
}
@media (max-width: 22em) {
  .mark { display: none; }
  .foot .quiet, .foot > span { padding-inline: .35em; }
}
@media (prefers-reduced-motion: reduce) {
  *, ::before, ::after { animation: none !important; transition: none !important; }
}
@media (forced-colors: active) {
  .text, .launcher, .send, .mark, .badge, .panel, .answers .yes { border: 1px solid; }
  .typing i { background: CanvasText; }
}
`;
