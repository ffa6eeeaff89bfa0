/** The official interoperation tests by our client: against grpc-go's server and ours, over cleartext and TLS. */
import path from 'node:path'
import type { TlsOptions } from '../../client/node/tls/tls-options.ts'
import { runCommand } from '../support/command.ts'
import type { Check } from '../support/run-checks.ts'
import { CLIENT_CASES } from './client-cases.ts'
import type { InteropServers } from './grpc-go-client.ts'
import { startGrpcGoServer } from './grpc-go-server.ts'
import { type CaseServer, runClientCase } from './run-client-case.ts'
import { type InteropServer, startInteropServer } from './server.ts'

/** Needs several servers. */
const PICK_FIRST = 'pick_first_unary'

/** grpc-go's server looks at no compression. */
const UNKNOWN_TO_GRPC_GO = /_compressed_/

/** What the checks need. */
export interface ClientChecksGround {
  /** Paths of PEM files; the certificate is for localhost. */
  readonly caFile: string
  readonly certFile: string
  readonly keyFile: string
  /** The certificate of the authority, PEM. */
  readonly ca: string
  /** Ours. */
  readonly servers: InteropServers
}

/** The checks with our client; the servers of grpc-go go on until the result is disposed of. */
export interface ClientChecks extends AsyncDisposable {
  readonly checks: readonly Check[]
}

/** Builds and starts the servers of grpc-go. */
export async function clientChecks({ ca, caFile, servers, ...tlsFiles }: ClientChecksGround): Promise<ClientChecks> {
  await using started = new AsyncDisposableStack()
  const start = async (...flags: readonly string[]) => started.use(await startGrpcGoServer(flags)).found
  const cleartext = await start()
  const encrypted = await start('-use_tls', `-tls_cert_file=${tlsFiles.certFile}`, `-tls_key_file=${tlsFiles.keyFile}`)
  const second = started.use(await startInteropServer())
  const tls = { ca }
  const checks = [
    ...checksAgainst('grpc-go, cleartext', serverAt(cleartext, null), (name) => !UNKNOWN_TO_GRPC_GO.test(name)),
    ...checksAgainst('grpc-go, TLS', serverAt(encrypted, tls), (name) => !UNKNOWN_TO_GRPC_GO.test(name)),
    ...checksAgainst('our server, cleartext', serverAt(portOf(servers.cleartext), null)),
    ...checksAgainst('our server, TLS', serverAt(portOf(servers.tls), tls)),
    pickFirstCheck([portOf(servers.cleartext), portOf(second)]),
    programCheck(encrypted, caFile),
  ]
  const running = started.move()
  return { checks, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

function checksAgainst(way: string, server: CaseServer, isKnown: (name: string) => boolean = () => true): Check[] {
  return Object.keys(CLIENT_CASES)
    .filter((name) => name !== PICK_FIRST && isKnown(name))
    .map((name) => ({ name: `our client, ${way}: ${name}`, run: () => runClientCase(name, server) }))
}

function pickFirstCheck(ports: readonly string[]): Check {
  const target = `static:///${ports.map((port) => `127.0.0.1:${port}`).join(',')}`
  return {
    name: `our client, two of our servers: ${PICK_FIRST}`,
    run: () => runClientCase(PICK_FIRST, { target, tls: null }),
  }
}

/** The flags, once. */
function programCheck(port: string, caFile: string): Check {
  const place = ['--server_host=127.0.0.1', `--server_port=${port}`, '--server_host_override=localhost']
  const args = [...place, '--use_tls=true', `--ca_file=${caFile}`, '--test_case=ping_pong']
  const program = path.join(import.meta.dirname, 'client.ts')
  return {
    name: 'our client, as a program, grpc-go, TLS: ping_pong',
    run: async () => void (await runCommand({ program: process.execPath, args: [program, ...args] })),
  }
}

function portOf({ port }: InteropServer): string {
  return String(port)
}

function serverAt(port: string, tls: TlsOptions | null): CaseServer {
  return { target: `ipv4:127.0.0.1:${port}`, tls, authority: 'localhost' }
}
