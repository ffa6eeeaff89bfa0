/** Builds the programs of the benchmarks that are not JavaScript, once, into `.cache`. */
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { runCommand } from '../test/support/command.ts'
import { buildGoProgram, installGoTool } from '../test/support/go-tool.ts'

const ROOT = path.resolve(import.meta.dirname, '..')
const NODE_BIN = path.join(ROOT, 'node_modules/.bin')
const CACHE = path.join(ROOT, '.cache/bench')
const GO_FOLDER = path.join(import.meta.dirname, 'grpc-go')
const BUILD_TIMEOUT_MS = 600_000

const GO_PLUGINS = [
  { package: 'google.golang.org/protobuf/cmd/protoc-gen-go', version: 'v1.36.12' },
  { package: 'google.golang.org/grpc/cmd/protoc-gen-go-grpc', version: 'v1.6.2' },
]

/** Paths of executables. */
export interface GoPrograms {
  readonly server: string
  readonly load: string
  readonly client: string
  /** The server with tokens, log, metrics and traces. */
  readonly observed: string
  /** The codec alone. */
  readonly codec: string
}

/** Builds the grpc-go programs: the server, the load generator, and the client. */
export async function buildGoPrograms(): Promise<GoPrograms> {
  const plugins = await Promise.all(GO_PLUGINS.map(installGoTool))
  await buf(['generate', '--template', 'bench/grpc-go/buf.gen.yaml'], plugins.map(path.dirname))
  return {
    server: await buildGoProgram(path.join(GO_FOLDER, 'grpc-go-server')),
    load: await buildGoProgram(path.join(GO_FOLDER, 'grpc-go-load')),
    client: await buildGoProgram(path.join(GO_FOLDER, 'grpc-go-client')),
    observed: await buildGoProgram(path.join(GO_FOLDER, 'grpc-go-observed')),
    codec: await buildGoProgram(path.join(GO_FOLDER, 'grpc-go-codec')),
  }
}

/** Paths of executables. */
export interface TonicPrograms {
  readonly server: string
  /** The codec alone. */
  readonly codec: string
}

/** Builds the server on tonic, and its codec. */
export async function buildTonicPrograms(): Promise<TonicPrograms> {
  await mkdir(CACHE, { recursive: true })
  const images = [path.join(CACHE, 'bench.binpb'), path.join(CACHE, 'greeter.binpb')] as const
  await buf(['build', 'bench/proto', '--output', images[0]])
  await buf(['build', 'proto', '--path', 'proto/greeter', '--output', images[1]])
  const target = path.join(CACHE, 'tonic')
  await runCommand({
    program: 'cargo',
    args: ['build', '--release', '--locked', '--quiet'],
    cwd: path.join(import.meta.dirname, 'tonic'),
    env: { ...process.env, PROTO_IMAGES: images.join(':'), CARGO_TARGET_DIR: target },
    timeoutMs: BUILD_TIMEOUT_MS,
  })
  return { server: path.join(target, 'release/tonic-server'), codec: path.join(target, 'release/prost-codec') }
}

async function buf(args: readonly string[], places: readonly string[] = []): Promise<void> {
  const searched = [NODE_BIN, ...places, process.env.PATH]
  const env = { ...process.env, PATH: searched.join(path.delimiter) }
  await runCommand({ program: path.join(NODE_BIN, 'buf'), args, cwd: ROOT, env, timeoutMs: BUILD_TIMEOUT_MS })
}
