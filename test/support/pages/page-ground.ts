/** The environment in which the programs of the documentation run. */
import { rmSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { NODE_ENTRANCES, PUBLISHED_PROTOS, WEB_ENTRANCES } from '../../pack/entrances.ts'
import { testCertificates } from '../certificates.ts'
import { runCommand } from '../command.ts'
import { startDemo } from '../demo-server.ts'
import { freePort } from '../ports.ts'
import { pageEnvironment } from './page-environment.ts'
import type { Ground } from './page-run.ts'
import { ROOT, readPage } from './read-page.ts'
import { replaceTexts } from './replace-texts.ts'

/** Inside the project, so that packages resolve. */
const CACHE = path.join(ROOT, '.cache/pages')

/** The page whose proto and service the other pages use. */
export const SERVICE_PAGE = 'docs/server/service.md'

/** The published package is compiled; pages run against its sources. */
export const MODULES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({ ...NODE_ENTRANCES, ...WEB_ENTRANCES }).map(([name, source]) => [
    `'portico/${name}'`,
    `'${path.join(ROOT, source)}'`,
  ]),
)

/** Commands that page tests leave to the CI step that has Go and packed packages. */
const ELSEWHERE = /^(grpcurl|npm (ci|install|create|init))\b/

/** A token that states it is valid until 2100. */
const TOKEN = ['{"alg":"none"}', '{"exp":4102444800}', '']
  .map((part) => Buffer.from(part).toString('base64url'))
  .join('.')

/** For pages that use the demo: two cleartext servers and one with TLS, at the addresses on the pages. */
export async function demoGround(): Promise<Ground> {
  const { server } = await testCertificates()
  const [one, other, secure] = await Promise.all([startDemo(), startDemo(), startDemo({ listen: { tls: server } })])
  const replaced = {
    '127.0.0.1:8080': one.host,
    'localhost:8080': `localhost:${one.port}`,
    '127.0.0.1:8081': other.host,
    'localhost:8081': `localhost:${other.port}`,
    'localhost:8443': `localhost:${secure.port}`,
    'node client ': `node ${path.join(ROOT, 'client')} `,
  }
  return createGround(replaced, { PORTICO_ADDRESS: one.origin })
}

/** For pages that start servers: free ports instead of those on the pages. */
export async function authorGround(): Promise<Ground> {
  const [plain, other, secure, redis] = await Promise.all([freePort(), freePort(), freePort(), freePort()])
  const replaced = {
    '8080': String(plain),
    '8081': String(other),
    '8443': String(secure),
    '6379': String(redis),
    'node server --hub': `node ${path.join(ROOT, 'server')} --hub`,
    'node client ': `node ${path.join(ROOT, 'client')} `,
  }
  return createGround(replaced, { PORT: String(plain) })
}

/** Writes the files of the services page into a directory, with the code generated from its proto. */
export async function writeShop(folder: string): Promise<void> {
  for (const block of readPage(SERVICE_PAGE)) {
    if (block.kind !== 'file') continue
    const file = path.join(folder, block.name)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, replaceTexts(block.body, MODULES))
  }
  // A package of its own: within ours, `portico` would be its unbuilt self.
  await writeFile(path.join(folder, 'package.json'), JSON.stringify({ type: 'module' }))
  await generateCode(folder)
  // With the code of the protos that it imports.
  for (const part of ['gen/greeter', 'gen/google', 'gen/portico/options']) {
    await cp(path.join(ROOT, part), path.join(folder, part), { recursive: true })
  }
  await cp(path.join(ROOT, 'test/protos/buf'), path.join(folder, 'vendor/buf'), { recursive: true })
  for (const name of PUBLISHED_PROTOS) await installProto(path.join(folder, 'node_modules/portico'), name)
}

/** Puts a published proto, and the code for it, where the published package has them. */
async function installProto(folder: string, name: string): Promise<void> {
  await cp(path.join(ROOT, `proto/${name}.proto`), path.join(folder, `dist/proto/${name}.proto`))
  for (const file of [`gen/${name}_pb.js`, `gen/${name}_pb.d.ts`])
    await cp(path.join(ROOT, file), path.join(folder, file))
}

/** Runs `buf generate` with the `buf.gen.yaml` of a directory. */
export async function generateCode(folder: string): Promise<void> {
  const program = path.join(ROOT, 'node_modules/.bin/buf')
  await runCommand({ program, args: ['generate'], cwd: folder, env: pageEnvironment() })
}

async function createGround(replaced: Readonly<Record<string, string>>, env: NodeJS.ProcessEnv): Promise<Ground> {
  const folder = await makeFolder()
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await cp(await shop(), folder, { recursive: true })
  const { ca, server, client } = await testCertificates()
  const files = {
    'ca.pem': ca,
    'server.pem': server.cert,
    'server-key.pem': server.key,
    'client.pem': client.cert,
    'client-key.pem': client.key,
    'token.jwt': TOKEN,
  }
  for (const [name, content] of Object.entries(files)) await writeFile(path.join(folder, name), content)
  return {
    folder,
    replaced,
    modules: MODULES,
    env: { ...pageEnvironment(), LOG_LEVEL: 'warn', ...env },
    leaves: (command) => ELSEWHERE.test(command),
  }
}

let shopFolder: Promise<string> | undefined

/** The directory of the shop, created once per process. */
function shop(): Promise<string> {
  shopFolder ??= makeFolder().then(async (folder) => {
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
    await writeShop(folder)
    return folder
  })
  return shopFolder
}

async function makeFolder(): Promise<string> {
  await mkdir(CACHE, { recursive: true })
  return mkdtemp(path.join(CACHE, 'run-'))
}
