/** Our command-line client against a server on grpc-go: the four call modes, learning the API by reflection and from a file. */
import path from 'node:path'
import { type RunningProgram, runCommand, startProgram } from '../support/command.ts'
import { expectParts } from '../support/expect-output.ts'
import { buildGoProgram, downloadGoModule } from '../support/go-tool.ts'
import type { Check } from '../support/run-checks.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
/** The version in grpc-go/go.mod. */
const EXAMPLES = 'google.golang.org/grpc/examples@v0.0.0-20260825154716-030ee8becb20'
const SERVICE = 'routeguide.RouteGuide'
const ADDRESS = /^listening on (\S+)$/

/** Two servers on grpc-go, and the checks of our client against them. */
export interface GrpcGoChecks extends AsyncDisposable {
  readonly checks: readonly Check[]
}

/** Builds and starts the servers; they go on until the result is disposed of. */
export async function grpcGoChecks(): Promise<GrpcGoChecks> {
  const program = await buildGoProgram(path.join(import.meta.dirname, 'grpc-go'))
  const proto = path.join(await downloadGoModule(EXAMPLES), 'route_guide/routeguide/route_guide.proto')
  await using servers = new AsyncDisposableStack()
  const withReflection = servers.use(await startProgram({ program, args: [] }, ADDRESS))
  const without = servers.use(await startProgram({ program, args: ['-reflection=false'] }, ADDRESS))
  const checks = [
    ...checksFor(withReflection, 'by reflection', []),
    check('list by reflection', () => portico(['list', `http://${withReflection.found}`]), SERVICE),
    check(
      'describe by reflection',
      () => portico(['describe', `http://${withReflection.found}`, SERVICE]),
      'RouteChat',
    ),
    ...checksFor(without, 'with --proto', ['--proto', proto]),
  ]
  const started = servers.move()
  return { checks, [Symbol.asyncDispose]: () => started.disposeAsync() }
}

function checksFor(server: RunningProgram, how: string, flags: readonly string[]): readonly Check[] {
  const call = (method: string, ...messages: readonly object[]) =>
    portico(
      ['call', `http://${server.found}`, `${SERVICE}/${method}`, '-d', '@', '--timeout', '10s', ...flags],
      messages.map((message) => JSON.stringify(message)).join('\n'),
    )
  const here = { latitude: 1, longitude: 2 }
  const there = { latitude: 3, longitude: 4 }
  return [
    check(`unary ${how}`, () => call('GetFeature', here), '1/2'),
    check(`server stream ${how}`, () => call('ListFeatures', { lo: here, hi: there }), '1/2', '3/4'),
    check(`client stream ${how}`, () => call('RecordRoute', here, there), '"pointCount":2'),
    check(`bidirectional stream ${how}`, () => call('RouteChat', { message: 'a' }, { message: 'b' }), 'got a', 'got b'),
  ]
}

function portico(args: readonly string[], input = ''): Promise<string> {
  return runCommand({ program: process.execPath, args: [path.join(ROOT, 'client'), ...args], input })
}

function check(name: string, seen: () => Promise<string>, ...parts: readonly string[]): Check {
  return { name: `our client, grpc-go: ${name}`, run: () => expectParts(seen(), ...parts) }
}
