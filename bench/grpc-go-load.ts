/** Load from grpc-go/grpc-go-load, for what h2load cannot do: messages that depend on the previous one. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { onLoadCore, type Program, runLoad } from './cores.ts'
import type { LoadResult } from './h2load.ts'

/** The result of a grpc-go load. The latencies are those of the workload `rate`, otherwise 0. */
export interface GrpcGoResult extends LoadResult {
  readonly p50Ms: number
  readonly p99Ms: number
}

/** The workload; the numbers mean what the flags of the program say. */
export interface GrpcGoLoadOptions {
  /** Path of the executable. */
  readonly program: string
  /** host:port. */
  readonly address: string
  readonly workload:
    | 'unary'
    | 'headers'
    | 'download'
    | 'upload'
    | 'echo'
    | 'ping-pong'
    | 'rate'
    | 'fan-out'
    | 'connections'
    | 'streams'
  readonly connections: number
  /** Open calls on all connections together. Default 1. */
  readonly streams?: number
  /** Messages of a stream. Default 1. */
  readonly messages?: number
  /** Bytes of the name that is greeted, or of a message. Default 11. */
  readonly size?: number
  /** Calls per second. Default 1. */
  readonly rate?: number
  /** Default 1. */
  readonly seconds?: number
}

/** @throws Error when any call fails or has a wrong response */
export async function grpcGoLoad(options: GrpcGoLoadOptions): Promise<GrpcGoResult> {
  const output = await runLoad(commandOf(options), options.seconds ?? 1)
  return JSON.parse(output) as GrpcGoResult
}

/** Opens connections or streams, and keeps them open until the result is disposed of. */
export async function holdOpen(options: GrpcGoLoadOptions): Promise<AsyncDisposable> {
  const { program, args } = onLoadCore(commandOf(options))
  const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'pipe'] })
  const ended = once(child, 'exit')
  const seen: string[] = []
  for await (const line of createInterface({ input: child.stderr })) {
    seen.push(line)
    if (line !== 'holding') continue
    child.stderr.resume()
    return {
      async [Symbol.asyncDispose]() {
        child.stdin.end()
        await ended
      },
    }
  }
  throw new Error(`the load failed:\n${seen.join('\n')}`)
}

function commandOf({ program, address, workload, connections, ...options }: GrpcGoLoadOptions): Program {
  const { streams = 1, messages = 1, size = 11, rate = 1, seconds = 1 } = options
  const flags = { target: address, workload, connections, streams, messages, size, rate, duration: `${seconds}s` }
  return { program, args: Object.entries(flags).map(([name, value]) => `-${name}=${value}`) }
}
