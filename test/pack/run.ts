/** Packs what is published, installs it as a user does, and sees that every way into it works. */
import { cp, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Command, runCommand, startProgram } from '../support/command.ts'
import { type Check, runChecks } from '../support/run-checks.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const BIN = path.join(ROOT, 'node_modules/.bin')
const CONSUMER = path.join(import.meta.dirname, 'consumer')
const NPM_TIMEOUT_MS = 300_000
/** What esbuild needs for packages in CommonJS, such as Fastify, that require modules of Node. */
const REQUIRE_IN = {
  esm: ["--banner:js=import{createRequire}from'node:module';const require=createRequire(import.meta.url);"],
  cjs: [],
} as const
const BUNDLED_OUTPUT = ['native', 'reference'].map((lane) => `${lane}: grpc, grpc-web, connect\n`).join('')
/** The Node that runs this one runs the installed package too, whatever else the machine has. */
const env = { ...process.env, PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env.PATH}` }

await using cleanup = new AsyncDisposableStack()
const project = await mkdtemp(path.join(tmpdir(), 'portico-pack-'))
cleanup.defer(() => rm(project, { recursive: true }))
await install()
const server = cleanup.use(await startProgram({ ...inProject('node', 'server.mts') }, /^port (\d+)$/))
const address = `http://127.0.0.1:${server.found}`

await runChecks([
  check('the server answers ordinary HTTP', async () => {
    const response = await fetch(`${address}/about`)
    expect(response.ok, `status ${response.status}`)
  }),
  check('portico/client calls portico/server', async () => {
    const output = await runCommand(inProject('node', 'client.mts', address))
    expect(output === 'Hello package\n', output)
  }),
  check('the portico command calls portico/server', async () => {
    const output = await runCommand(inProject('npx', 'portico', 'hello', 'command', '--address', address))
    expect(output.includes('Hello command'), output)
  }),
  check('portico/web bundles for browsers', async () => {
    const bundle = path.join(project, 'page.js')
    const flags = ['--bundle', '--platform=browser', '--format=esm', `--outfile=${bundle}`]
    await runCommand(inProject(path.join(BIN, 'esbuild'), 'page.mts', ...flags))
    const nodeImport = /["']node:[a-z/]+["']/.exec(await readFile(bundle, 'utf8'))
    expect(nodeImport === null, `it imports ${nodeImport}`)
  }),
  ...(['esm', 'cjs'] as const).map((format) =>
    check(`a bundled and minified Node program runs, as ${format}`, async () => {
      const bundle = path.join(project, format === 'esm' ? 'bundled.mjs' : 'bundled.cjs')
      const flags = ['--bundle', '--minify', '--platform=node', `--format=${format}`, `--outfile=${bundle}`]
      await runCommand(inProject(path.join(BIN, 'esbuild'), 'bundled.mts', ...flags, ...REQUIRE_IN[format]))
      // Alone, so that it finds no package beside it.
      const alone = await mkdtemp(path.join(tmpdir(), 'portico-bundle-'))
      cleanup.defer(() => rm(alone, { recursive: true }))
      const program = path.join(alone, path.basename(bundle))
      await rename(bundle, program)
      const output = await runCommand({ program: 'node', args: [program], cwd: alone, env })
      expect(output === BUNDLED_OUTPUT, output)
    }),
  ),
  check('the declarations hold for users', async () => {
    await runCommand(inProject(path.join(BIN, 'tsc'), '-p', '.'))
  }),
])

async function install(): Promise<void> {
  const packed = { program: 'npm', args: ['pack', '--json', '--pack-destination', project], cwd: ROOT, env }
  await runCommand({ ...packed, timeoutMs: NPM_TIMEOUT_MS })
  const { name, version } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8'))
  await cp(CONSUMER, project, { recursive: true })
  // What buf generates for a user from the user's own protos.
  await cp(path.join(ROOT, 'gen/greeter'), path.join(project, 'gen/greeter'), { recursive: true })
  await writeFile(
    path.join(project, 'package.json'),
    JSON.stringify({ name: 'consumer', private: true, type: 'module' }),
  )
  const tarball = `./${name}-${version}.tgz`
  const npm = inProject('npm', 'install', '--omit=dev', '--no-audit', '--no-fund', tarball)
  await runCommand({ ...npm, timeoutMs: NPM_TIMEOUT_MS })
  await writeFile(path.join(project, 'tsconfig.json'), JSON.stringify(consumerConfig()))
}

/** The strictest there is, declarations included; the types of Node are ours, as nothing else of the package needs them. */
function consumerConfig() {
  const compilerOptions = {
    target: 'es2024',
    lib: ['es2024', 'esnext.disposable', 'dom', 'dom.iterable', 'dom.asynciterable'],
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noEmit: true,
    skipLibCheck: false,
    types: ['node'],
    typeRoots: [path.join(ROOT, 'node_modules/@types')],
  }
  return { compilerOptions, include: ['*.mts'] }
}

function inProject(program: string, ...args: readonly string[]): Command {
  return { program, args, cwd: project, env }
}

function check(name: string, run: () => Promise<void>): Check {
  return { name, run }
}

function expect(holds: boolean, seen: string): void {
  if (!holds) throw new Error(seen)
}
