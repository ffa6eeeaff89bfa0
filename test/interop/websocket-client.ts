/** The official interoperation tests by our transport over WebSockets: to our server, and in `npm run deep` through grpcwebproxy to grpc-go's. */
import { createWebSocketTransport } from '../../client/web/websocket/public.ts'
import { startProgram } from '../support/command.ts'
import { isDeep } from '../support/depth.ts'
import { installGoTool } from '../support/go-tool.ts'
import type { Check } from '../support/run-checks.ts'
import { CLIENT_CASES } from './client-cases.ts'
import { startGrpcGoServer } from './grpc-go-server.ts'
import { niceGrpcWebChecks } from './nice-grpc-web.ts'
import type { InteropServer } from './server.ts'

/** Cases of compression, which the format has none of, and one that needs several servers. */
const NOT_CARRIED = /_compressed_|pick_first/

/** The proxy and the server behind it, and the checks against them and against ours. */
export interface WebSocketClientChecks extends AsyncDisposable {
  readonly checks: readonly Check[]
}

/** Builds and starts the programs; they go on until the result is disposed of. */
export async function webSocketClientChecks({ host, port }: InteropServer): Promise<WebSocketClientChecks> {
  await using started = new AsyncDisposableStack()
  const checks = checksOf('our server', `http://${host}:${port}`)
  // Building the proxy takes more than a minute.
  if (isDeep) {
    const server = started.use(await startGrpcGoServer())
    const proxy = started.use(await startProxy(`127.0.0.1:${server.found}`))
    checks.push(...checksOf('grpcwebproxy and grpc-go', `http://${proxy.found}`))
  }
  const running = started.move()
  return { checks, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

async function startProxy(backend: string) {
  const program = await installGoTool({
    package: 'github.com/improbable-eng/grpc-web/go/grpcwebproxy',
    version: 'v0.15.0',
  })
  const place = ['--server_bind_address=127.0.0.1', '--server_http_debug_port=0', '--run_tls_server=false']
  // By default it accepts no message above 32 KiB.
  const webSockets = ['--use_websockets', '--allow_all_origins', '--websocket_read_limit=4194304']
  const args = [`--backend_addr=${backend}`, ...place, ...webSockets]
  return startProgram({ program, args }, /listening for http on: (\S+?)"?$/)
}

function checksOf(way: string, baseUrl: string): Check[] {
  const official = Object.entries(CLIENT_CASES)
    .filter(([name]) => !NOT_CARRIED.test(name))
    .map(([name, run]) => ({
      name: `our client over WebSockets, ${way}: ${name}`,
      run() {
        const transport = createWebSocketTransport({ baseUrl })
        return run({ plain: transport, compressing: transport })
      },
    }))
  return [...official, ...niceGrpcWebChecks(way, baseUrl)]
}
