/** Runs grpc-gateway's own mux, with the code that its generator writes for transcoding/v1/echo.proto. */
import path from 'node:path'
import { runCommand, startProgram } from '../../support/command.ts'
import { buildGoProgram, buildGoTools } from '../../support/go-tool.ts'

const ROOT = path.resolve(import.meta.dirname, '../../..')
const BIN = path.join(ROOT, 'node_modules/.bin')
const FOLDER = path.join(import.meta.dirname, 'grpc-gateway')
const ADDRESSES = /^listening on (.+)$/
const BUILD_TIMEOUT_MS = 120_000

/** The ports of a grpc-gateway, one per way to unescape a path. It runs until it is disposed of. */
export interface GrpcGateway extends AsyncDisposable {
  readonly legacy: number
  readonly allExceptReserved: number
  readonly allExceptSlash: number
}

/**
 * Generates its code, and builds and starts it.
 *
 * @param backend the port of the gRPC server on this machine that it calls
 */
export async function startGrpcGateway(backend: number): Promise<GrpcGateway> {
  const program = await buildGrpcGateway()
  const running = await startProgram({ program, args: ['-backend', `127.0.0.1:${backend}`] }, ADDRESSES)
  const [legacy = 0, allExceptReserved = 0, allExceptSlash = 0] = running.found.split(' ').map(portOf)
  return { legacy, allExceptReserved, allExceptSlash, [Symbol.asyncDispose]: () => running[Symbol.asyncDispose]() }
}

async function buildGrpcGateway(): Promise<string> {
  const plugins = await buildGoTools(FOLDER)
  await runCommand({
    program: path.join(BIN, 'buf'),
    args: ['generate', '--template', path.join(FOLDER, 'buf.gen.yaml')],
    cwd: ROOT,
    env: { ...process.env, PATH: [plugins, BIN, process.env.PATH].join(path.delimiter) },
    timeoutMs: BUILD_TIMEOUT_MS,
  })
  return await buildGoProgram(FOLDER)
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1))
}
