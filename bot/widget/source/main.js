// Where the one bundled file begins: a classic script, so that it knows the tag it was loaded by.
import { start } from "./start.js";

start(document.currentScript);
