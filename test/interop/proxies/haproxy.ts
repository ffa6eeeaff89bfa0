/** HAProxy in front of our server: its HTTP/1.0 health check without a Host, and its response when no server is up. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Check } from '../../support/run-checks.ts'
import { startBackend } from './backend.ts'
import { expectAllAnswered, expectUnavailable, withGrpcJs, withOurClient } from './greet.ts'
import type { ProxyChecks } from './nginx.ts'
import { startDaemon } from './start-daemon.ts'

const HAPROXY = '/usr/sbin/haproxy'
/** How long HAProxy gets for a few checks. */
const CHECKED_MS = 1_000

/** Starts HAProxy and a server behind it; both run until the result is disposed of. */
export async function haproxyChecks(folder: string): Promise<ProxyChecks> {
  await using started = new AsyncDisposableStack()
  const { port } = started.use(await startBackend())
  const sockets = { grpc: at('grpc'), down: at('down') }
  const config = path.join(folder, 'haproxy.cfg')
  await writeFile(config, configOf(port, sockets))
  started.use(await startDaemon({ program: HAPROXY, args: ['-db', '-q', '-f', config] }, Object.values(sockets)))
  const checks = checksOf(sockets)
  const running = started.move()
  return { checks, [Symbol.asyncDispose]: () => running.disposeAsync() }

  function at(name: string): string {
    return path.join(folder, `haproxy-${name}.sock`)
  }
}

type Sockets = Readonly<Record<'grpc' | 'down', string>>

/** One failed check takes the server down permanently, so later calls show whether all checks succeeded. */
function configOf(port: number, { grpc, down }: Sockets): string {
  return `
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  timeout check 10s
frontend grpc
  bind unix@${grpc} proto h2
  default_backend checked
frontend down
  bind unix@${down} proto h2
  default_backend nothing
backend checked
  option httpchk
  http-check send meth GET uri /livez
  default-server check inter 100ms fall 1 rise 1000
  server ours 127.0.0.1:${port} proto h2 check-proto h1
backend nothing
  server nobody 127.0.0.1:1 check inter 100ms fall 1
`
}

function checksOf({ grpc, down }: Sockets): readonly Check[] {
  return [
    check('a server that is checked by HTTP/1.0 without a Host stays up: ours', async () => {
      await sleep(CHECKED_MS)
      await withOurClient({ target: `unix:${grpc}` }, (call) => expectAllAnswered(call, 10, 20))
    }),
    check('a server that is checked by HTTP/1.0 without a Host stays up: grpc-js', () =>
      withGrpcJs(`unix:${grpc}`, (call) => expectAllAnswered(call, 10, 20)),
    ),
    check('the page of a service without servers is UNAVAILABLE: grpc-js', () =>
      withGrpcJs(`unix:${down}`, (call) => expectUnavailable(call, '503')),
    ),
    check('the page of a service without servers is UNAVAILABLE: ours', () =>
      withOurClient({ target: `unix:${down}` }, (call) => expectUnavailable(call, '503')),
    ),
  ]
}

function check(name: string, run: () => Promise<void>): Check {
  return { name: `HAProxy: ${name}`, run }
}
