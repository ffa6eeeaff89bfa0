/** nginx in front of our server: how it handles connections, and its response when no server is up. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { runCommand } from '../../support/command.ts'
import { expectParts } from '../../support/expect-output.ts'
import type { Check } from '../../support/run-checks.ts'
import { startBackend } from './backend.ts'
import { expectAllAnswered, expectUnavailable, withGrpcJs, withOurClient } from './greet.ts'
import { startDaemon } from './start-daemon.ts'

/** nginx, and the checks through it. */
export interface ProxyChecks extends AsyncDisposable {
  readonly checks: readonly Check[]
}

const NGINX = '/usr/sbin/nginx'
const GOOD_CALL = '/greeter.v1.GreeterService/SayHello'
/** Responses of nginx with an HTML page. */
const BAD_GATEWAY = '502'

/** Starts nginx and a server behind it; both run until the result is disposed of. */
export async function nginxChecks(folder: string): Promise<ProxyChecks> {
  await using started = new AsyncDisposableStack()
  const { port } = started.use(await startBackend())
  const sockets = { grpc: at('grpc'), http: at('http'), noGrpc: at('no-grpc'), noHttp: at('no-http') }
  const config = path.join(folder, 'nginx.conf')
  await writeFile(config, configOf(folder, port, sockets))
  started.use(await startDaemon({ program: NGINX, args: ['-p', folder, '-c', config] }, Object.values(sockets)))
  const checks = checksOf(sockets)
  const running = started.move()
  return { checks, [Symbol.asyncDispose]: () => running.disposeAsync() }

  function at(name: string): string {
    return path.join(folder, `nginx-${name}.sock`)
  }
}

type Sockets = Readonly<Record<'grpc' | 'http' | 'noGrpc' | 'noHttp', string>>

/** Connections end after ten requests, so that clients meet GOAWAY all the time. Nothing listens on port 1. */
function configOf(folder: string, port: number, { grpc, http, noGrpc, noHttp }: Sockets): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder};`)
  return `
daemon off;
user root;
worker_processes 1;
error_log stderr crit;
pid ${folder}/nginx.pid;
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 10;
  ${temporary.join(' ')}
  server { listen unix:${grpc} http2; location / { grpc_pass grpc://127.0.0.1:${port}; } }
  server { listen unix:${http}; location / { proxy_pass http://127.0.0.1:${port}; } }
  server { listen unix:${noGrpc} http2; location / { grpc_pass grpc://127.0.0.1:1; } }
  server { listen unix:${noHttp}; location / { proxy_pass http://127.0.0.1:1; } }
}
`
}

function checksOf({ grpc, http, noGrpc, noHttp }: Sockets): readonly Check[] {
  return [
    check('600 calls of 30 callers, with GOAWAY after each tenth: ours', () =>
      withOurClient({ target: `unix:${grpc}` }, (call) => expectAllAnswered(call, 30, 20)),
    ),
    check('60 calls, with GOAWAY after each tenth: grpc-js', () =>
      withGrpcJs(`unix:${grpc}`, (call) => expectAllAnswered(call, 1, 60)),
    ),
    check('60 calls, with GOAWAY after each tenth: ours', () =>
      withOurClient({ target: `unix:${grpc}` }, (call) => expectAllAnswered(call, 1, 60)),
    ),
    check('the page of a bad gateway is UNAVAILABLE over gRPC: grpc-js', () =>
      withGrpcJs(`unix:${noGrpc}`, (call) => expectUnavailable(call, BAD_GATEWAY)),
    ),
    check('the page of a bad gateway is UNAVAILABLE over gRPC: ours', () =>
      withOurClient({ target: `unix:${noGrpc}` }, (call) => expectUnavailable(call, BAD_GATEWAY)),
    ),
    ...(['connect', 'grpc-web'] as const).flatMap((protocol) => [
      check(`100 calls over HTTP/1.1, HTTP/1.0 behind it, by ${protocol}`, () =>
        withOurClient({ target: `unix:${http}`, protocol, httpVersion: '1.1' }, (call) =>
          expectAllAnswered(call, 10, 10),
        ),
      ),
      check(`the page of a bad gateway is UNAVAILABLE over ${protocol}`, () =>
        withOurClient({ target: `unix:${noHttp}`, protocol, httpVersion: '1.1' }, (call) =>
          expectUnavailable(call, BAD_GATEWAY),
        ),
      ),
    ]),
    check('curl with JSON', () =>
      expectParts(
        runCommand({
          program: 'curl',
          args: [
            '-sS',
            '--unix-socket',
            http,
            '-H',
            'content-type: application/json',
            '-d',
            '{"name":"nginx"}',
            `http://nginx${GOOD_CALL}`,
          ],
        }),
        '"Hello nginx"',
      ),
    ),
  ]
}

function check(name: string, run: () => Promise<unknown>): Check {
  return { name: `nginx: ${name}`, run: async () => void (await run()) }
}
