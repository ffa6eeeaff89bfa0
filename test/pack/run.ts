/** Packs the published package, installs it as users do, and checks that every entry point works. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { packTarball } from '../support/npm.ts'
import { runChecks } from '../support/run-checks.ts'
import { consoleChecks } from './console-checks.ts'
import { openApiChecks } from './openapi-checks.ts'
import { bundleChecks, serverChecks } from './program-checks.ts'
import { Project } from './project.ts'
import { protoChecks } from './proto-checks.ts'
import { sizeChecks } from './size-checks.ts'
import { commonJsChecks, declarationChecks, manifestChecks, olderTypeScriptChecks } from './type-checks.ts'
import { nodeChecks, peerChecks } from './version-checks.ts'

/** Some checks install packages. */
const CHECK_TIMEOUT_MS = 600_000

await using cleanup = new AsyncDisposableStack()
const folder = await mkdtemp(path.join(tmpdir(), 'portico-pack-'))
cleanup.defer(() => rm(folder, { recursive: true }))
const tarball = await packTarball(path.resolve(import.meta.dirname, '../..'), folder)

const client = await install('client')
const server = await install('server', 'fastify@5.12.8')
const reference = await install(
  'reference',
  'fastify@5.12.7',
  '@connectrpc/connect-fastify@2.2.0',
  '@connectrpc/connect-node@2.2.0',
)
const oldest = await install('oldest', 'fastify@5.10.0', '@connectrpc/connect@2.2.0', '@bufbuild/protobuf@2.12.0')
const olderTypeScript = await install('typescript-5.9', 'fastify@5.12.8', 'typescript@5.9.3')
const scalar = await packTarball(path.resolve(import.meta.dirname, '../../console'), folder)
const documented = await install('openapi', 'fastify@5.12.8', 'yaml@2.9.1', scalar)
// Connect's plugin for Fastify peers on exactly its own version of Connect, so beside Connect 2.3 it needs overrides.
const newest = await Project.install(tarball, {
  name: 'connect-2.3',
  packages: [
    '@connectrpc/connect@2.3.0',
    'fastify@5.12.8',
    '@connectrpc/connect-fastify@2.2.0',
    '@connectrpc/connect-node@2.2.0',
  ],
  manifest: {
    overrides: {
      '@connectrpc/connect-fastify': { '@connectrpc/connect': '2.3.0' },
      '@connectrpc/connect-node': { '@connectrpc/connect': '2.3.0' },
    },
  },
})

const checks = [
  ...manifestChecks(tarball),
  ...sizeChecks({ client, server }),
  ...declarationChecks({
    'the Fastify of today': server,
    'an older patch of Fastify': reference,
    'Connect 2.3': newest,
  }),
  ...olderTypeScriptChecks(olderTypeScript),
  ...commonJsChecks(server),
  ...serverChecks(server, client),
  ...bundleChecks(reference),
  ...protoChecks(server),
  ...openApiChecks({ client, server, documented }),
  ...consoleChecks({ server, documented }),
  ...nodeChecks(server),
  ...peerChecks(oldest, newest),
]
await runChecks(checks, { timeoutMs: CHECK_TIMEOUT_MS })

function install(name: string, ...packages: readonly string[]): Promise<Project> {
  return Project.install(tarball, { name, packages })
}
