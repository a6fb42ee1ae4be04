// Bundles the source to one file under dist/<version>-<hash>/, with its compressed forms and what pages need to embed it.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build, transform } from "esbuild";

const HERE = new URL(".", import.meta.url);
const NAME = "privacy-assistant.js";
const { version } = JSON.parse(readFileSync(new URL("package.json", HERE), "utf8"));

/** The style sheet is a string for the bundler; here it is made small like the rest. */
const styles = {
  name: "styles",
  setup(bundler) {
    bundler.onLoad({ filter: /\/style\.js$/ }, async ({ path }) => {
      const { default: css } = await import(path);
      const { code } = await transform(css, { loader: "css", minify: true, target: "chrome123" });
      return { contents: `export default ${JSON.stringify(code.trim())}` };
    });
  },
};

const { outputFiles } = await build({
  entryPoints: [new URL("source/main.js", HERE).pathname],
  bundle: true,
  minify: true,
  format: "iife",
  target: ["chrome111", "firefox115", "safari16.4"],
  charset: "utf8",
  legalComments: "none",
  write: false,
  plugins: [styles],
});

const code = Buffer.from(`/* Privacy assistant ${version} */\n${outputFiles[0].text}`);
const folder = `${version}-${createHash("sha256").update(code).digest("hex").slice(0, 10)}`;
const target = new URL(`dist/${folder}/`, HERE);
const compressed = gzipSync(code, { level: 9 });
mkdirSync(target, { recursive: true });
writeFileSync(new URL(NAME, target), code);
writeFileSync(new URL(`${NAME}.gz`, target), compressed);
writeFileSync(new URL(`${NAME}.br`, target), brotliCompressSync(code));
const manifest = {
  version,
  folder,
  file: `${folder}/${NAME}`,
  integrity: `sha384-${createHash("sha384").update(code).digest("base64")}`,
  bytes: code.length,
  gzip_bytes: compressed.length,
  sources: sourcesDigest(),
};
writeFileSync(new URL("dist/manifest.json", HERE), `${JSON.stringify(manifest, null, 2)}\n`);
console.log(`${manifest.file}: ${manifest.bytes} bytes, ${manifest.gzip_bytes} with gzip`);

/** What the file was made from, so that whoever serves it knows whether it is up to date (build.py counts alike). */
function sourcesDigest() {
  const digest = createHash("sha256");
  const names = readdirSync(new URL("source/", HERE)).filter((name) => name.endsWith(".js")).sort();
  for (const name of [...names.map((source) => `source/${source}`), "build.mjs", "package.json", "package-lock.json"]) {
    digest.update(`${name}\0`).update(readFileSync(new URL(name, HERE))).update("\0");
  }
  return digest.digest("hex");
}
