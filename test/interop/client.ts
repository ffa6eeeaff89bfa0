/**
 * The client of gRPC's official interoperation tests, with its flags:
 *
 *     node test/interop/client.ts --server_host=localhost --server_port=10000 --test_case=large_unary
 *
 * It ends with 0 when the test passes, with 1 when it fails, and with 2 for flags that it does not know.
 */
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { CLIENT_CASES } from './client-cases.ts'
import { type CaseServer, runClientCase } from './run-client-case.ts'

const FLAGS = {
  server_host: { type: 'string', default: 'localhost' },
  server_port: { type: 'string', default: '10000' },
  use_tls: { type: 'boolean', default: false },
  ca_file: { type: 'string' },
  server_host_override: { type: 'string' },
  test_case: { type: 'string', default: 'large_unary' },
} as const

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  let flags: Flags
  try {
    flags = parseFlags(args)
    if (!Object.hasOwn(CLIENT_CASES, flags.test_case)) throw new Error(`no test is named "${flags.test_case}"`)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
    return 2
  }
  try {
    await runClientCase(flags.test_case, await serverOf(flags))
    return 0
  } catch (error) {
    process.stderr.write(`${flags.test_case}: ${error instanceof Error ? error.stack : error}\n`)
    return 1
  }
}

type Flags = ReturnType<typeof parseFlags>

/** Official scripts write flags that are on or off with their value. */
function parseFlags(args: readonly string[]) {
  const plain = args
    .filter((arg) => arg !== '--use_tls=false')
    .map((arg) => arg.replace(/^--use_tls=true$/, '--use_tls'))
  return parseArgs({ args: plain, options: FLAGS, strict: true }).values
}

async function serverOf(flags: Flags): Promise<CaseServer> {
  const { server_host: host, server_port: port, server_host_override: name } = flags
  const ca = flags.ca_file === undefined ? undefined : await readFile(flags.ca_file)
  return {
    target: `dns:///${host.includes(':') ? `[${host}]` : host}:${port}`,
    tls: flags.use_tls ? { ...(ca && { ca }) } : null,
    ...(name !== undefined && { authority: name }),
  }
}
