// Builds the page: node build.mjs MODULES OUTPUT. MODULES is the folder in which the packages of package.json are.
import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const client = join(here, "../../engine_sdk/web/src");
if (process.argv.length !== 4) {
  console.error("expected: node build.mjs MODULES OUTPUT");
  process.exit(2);
}
const [modules, output] = process.argv.slice(2).map((path) => resolve(path));
const { build } = await import(pathToFileURL(createRequire(join(modules, "x.js")).resolve("esbuild")).href);

const common = {
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  nodePaths: [modules],
  jsx: "automatic",
  jsxImportSource: "preact",
  absWorkingDir: here,
  metafile: true,
  logLevel: "warning",
};
const built = await build({ ...common, entryPoints: { studio: "src/main.tsx" }, outdir: output });
await build({ ...common, entryPoints: { worklet: join(client, "audio/worklet.js") }, outdir: output });
await build({ ...common, entryPoints: { studio: "src/studio.css" }, outdir: output });
await writeFile(join(output, "index.html"), await readFile(join(here, "src/index.html")));
await writeFile(join(output, "LICENSES.txt"), await licences(built.metafile));
await writeFile(join(output, "sources.json"), await digests());

/** The licences of the packages that are in the page. */
async function licences({ inputs }) {
  const packages = new Set();
  for (const path of Object.keys(inputs)) {
    const found = path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//);
    if (found !== null) packages.add(found[1]);
  }
  const parts = ["The page of segue studio contains these packages:\n"];
  for (const name of [...packages].sort()) {
    const folder = join(modules, name);
    const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const file = (await readdir(folder)).find((each) => /^licen[cs]e/i.test(each));
    const text = file === undefined ? "" : await readFile(join(folder, file), "utf8");
    parts.push(`${"-".repeat(80)}\n${name} ${version} (${license})\n\n${text.trim()}\n`);
  }
  return parts.join("\n");
}

/** The SHA-256 digest of each source, by its path from the repository's root: whether the page is built from them. */
async function digests() {
  const root = join(here, "../..");
  const names = (await readdir(here, { recursive: true, withFileTypes: true }))
    .concat(await readdir(client, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("node_modules"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .sort();
  const found = {};
  for (const name of names) found[name] = createHash("sha256").update(await readFile(join(root, name))).digest("hex");
  return JSON.stringify(found, null, 1) + "\n";
}
