/** The official interoperation tests, by grpc-go's own client, over cleartext and TLS; and calls that end before their time. */
import path from 'node:path'
import { runCommand } from '../support/command.ts'
import { expectParts } from '../support/expect-output.ts'
import { buildGoProgram, installGoTool } from '../support/go-tool.ts'
import type { Check } from '../support/run-checks.ts'
import type { Ground } from './ground.ts'
import type { InteropServer } from './server.ts'

/** Cases that need neither cloud credentials nor a load balancer. The client has no cases with compression. */
const CASES = [
  'empty_unary',
  'large_unary',
  'client_streaming',
  'server_streaming',
  'ping_pong',
  'empty_stream',
  'timeout_on_sleeping_server',
  'cancel_after_begin',
  'cancel_after_first_response',
  'status_code_and_message',
  'special_status_message',
  'custom_metadata',
  'unimplemented_method',
  'unimplemented_service',
  'rpc_soak',
  'channel_soak',
]

/** How long the client with keepalive may take: three pings, ten seconds apart, are answered. */
const KEEPALIVE_LIMIT_MS = 120_000

/** Where the service of the tests is answered. */
export interface InteropServers {
  readonly cleartext: InteropServer
  readonly tls: InteropServer
  /** Cleartext; it allows PINGs every five seconds. */
  readonly lenient: InteropServer
}

/** The checks with the client. */
export async function grpcGoClientChecks({ caFile }: Ground, servers: InteropServers): Promise<readonly Check[]> {
  const program = await installGoTool({ package: 'google.golang.org/grpc/interop/client', version: 'v1.85.0' })
  const encrypted = ['--use_tls', '--use_test_ca', `--ca_file=${caFile}`]
  const check = (testCase: string, way: string, server: InteropServer, flags: readonly string[] = []): Check => ({
    name: `grpc-go client: ${testCase} over ${way}`,
    async run() {
      const address = [`--server_host=${server.host}`, `--server_port=${server.port}`]
      await runCommand({ program, args: [...address, `--test_case=${testCase}`, ...flags] })
    },
  })
  // It takes 52 s, most of which the other checks take as well.
  const keepalive = await startKeepalive(servers)
  return [
    ...CASES.flatMap((testCase) => [
      check(testCase, 'cleartext', servers.cleartext),
      check(testCase, 'TLS', servers.tls, encrypted),
    ]),
    await stormCheck(servers.cleartext),
    keepalive,
  ]
}

/** Starts the client that pings every ten seconds, and returns the check of its result. */
async function startKeepalive({ cleartext, lenient }: InteropServers): Promise<Check> {
  const program = await buildGoProgram(path.join(import.meta.dirname, 'grpc-go/keepalive'))
  const addresses = ['-strict', addressOf(cleartext), '-lenient', addressOf(lenient)]
  const result = runCommand({ program, args: addresses, timeoutMs: KEEPALIVE_LIMIT_MS })
  result.catch(() => {})
  return {
    name: 'grpc-go client: KA-9 keepalive every 10 s meets too_many_pings, unless the server allows it',
    run: () => expectParts(result, 'too_many_pings'),
  }
}

function addressOf({ host, port }: InteropServer): string {
  return `${host}:${port}`
}

async function stormCheck(server: InteropServer): Promise<Check> {
  const program = await buildGoProgram(path.join(import.meta.dirname, 'grpc-go/storm'))
  return {
    name: 'grpc-go client: 20,000 deadlines and 20,000 cancelled calls on one connection',
    async run() {
      await runCommand({ program, args: ['-address', addressOf(server)] })
    },
  }
}
