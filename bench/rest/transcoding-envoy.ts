/** Envoy as a transcoder before our gRPC port: two processes that share the core of servers. */
import { mkdtemp } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { envoyFilter, prepareEnvoy } from '../../test/interop/proxies/envoy.ts'
import { runCommand } from '../../test/support/command.ts'
import { accepts, freePort } from '../../test/support/ports.ts'
import type { Program } from '../cores.ts'
import { type RunningServer, startServer } from '../start-server.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
/** Envoy refuses the library as a whole: some of its methods have a `response_body`. */
const METHODS = [
  'greeter.v1.GreeterService.SayHello',
  'library.v1.LibraryService.CreateBook',
  'library.v1.LibraryService.WatchShelf',
]
const SERVICES = ['greeter.v1.GreeterService', 'library.v1.LibraryService']
const POLL_MS = 20

/** Starts the backend, and Envoy before it. Its CPU time and memory are those of both. */
export async function startTranscodingEnvoy(backendProgram: Program, parent: string): Promise<RunningServer> {
  await using started = new AsyncDisposableStack()
  const folder = await mkdtemp(path.join(parent, 'envoy-'))
  const backend = started.use(await startServer(backendProgram))
  const port = await freePort()
  const listeners = [{ port, codec: 'HTTP1' as const, filter: await transcoder(folder) }]
  const { program, args } = await prepareEnvoy({ listeners, backendPort: portOf(backend), folder })
  const envoy = started.use(await startServer(announced(port, { program, args })))
  while (!(await accepts(port))) {
    await sleep(POLL_MS)
    await envoy.cpuSeconds() // Rejects once Envoy has ended.
  }
  return together(envoy, backend, started.move())
}

async function transcoder(folder: string) {
  const descriptors = path.join(folder, 'descriptors.binpb')
  await runCommand({
    program: path.join(ROOT, 'node_modules/.bin/buf'),
    args: ['build', '-o', descriptors, '--as-file-descriptor-set', ...METHODS.flatMap((method) => ['--type', method])],
    cwd: ROOT,
  })
  return envoyFilter('http.grpc_json_transcoder.v3.GrpcJsonTranscoder', {
    proto_descriptor: descriptors,
    services: SERVICES,
    convert_grpc_status: true,
  })
}

/** Envoy does not report its address, so a shell does that before it becomes Envoy. */
function announced(port: number, { program, args }: Program): Program {
  const script = `echo 'listening on 127.0.0.1:${port}' >&2; exec "$0" "$@"`
  return { program: 'sh', args: ['-c', script, program, ...args] }
}

function portOf({ address }: RunningServer): number {
  return Number(address.slice(address.indexOf(':') + 1))
}

function together(envoy: RunningServer, backend: RunningServer, owned: AsyncDisposableStack): RunningServer {
  const sum = async (read: (server: RunningServer) => Promise<number>) => (await read(envoy)) + (await read(backend))
  return {
    address: envoy.address,
    signal: (name) => envoy.signal(name),
    cpuSeconds: () => sum((server) => server.cpuSeconds()),
    residentBytes: () => sum((server) => server.residentBytes()),
    settle: () => backend.settle(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
