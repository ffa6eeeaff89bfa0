/** What users install: how many packages, how many bytes. */
import type { Check } from '../support/run-checks.ts'
import { check, expect } from './checks.ts'
import type { Project } from './project.ts'

const MEBIBYTE = 1_048_576
/**
 * Of which server and client alone are 1.8 MiB, and what only some servers load, such as REST and OpenAPI, 1.3 MiB; registries and workers are
 * 0.4 MiB, WebSockets of both ends and the console, without its page, 0.15 MiB.
 */
const MAX_OWN_BYTES = 4 * MEBIBYTE
/** Fastify, Connect and protobuf-es take 19.3 MiB of it. Fastify with Connect's own plugin: 52 packages, 19.9 MiB. */
const MAX_SERVER = { packages: 51, bytes: 23.5 * MEBIBYTE }

export function sizeChecks({ client, server }: { client: Project; server: Project }): readonly Check[] {
  return [
    check('a client or a page installs three packages', async () => {
      const packages = await client.packages()
      expect(packages.length === 3, packages.join('\n'))
    }),
    check('portico itself takes at most 4 MiB on disk', async () => {
      const bytes = await client.diskBytes('node_modules/portico')
      process.stdout.write(
        `        portico: ${mebibytes(bytes)}, all: ${mebibytes(await client.diskBytes('node_modules'))}\n`,
      )
      expect(bytes <= MAX_OWN_BYTES, mebibytes(bytes))
    }),
    check('a server installs one package less than one on Connect for Fastify', async () => {
      const { length } = await server.packages()
      const bytes = await server.diskBytes('node_modules')
      const seen = `${length} packages, ${mebibytes(bytes)}`
      process.stdout.write(`        ${seen}\n`)
      expect(length <= MAX_SERVER.packages && bytes <= MAX_SERVER.bytes, seen)
    }),
  ]
}

function mebibytes(bytes: number): string {
  return `${(bytes / MEBIBYTE).toFixed(2)} MiB`
}
