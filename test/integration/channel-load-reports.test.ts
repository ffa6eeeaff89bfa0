/** weighted_round_robin over real sockets: servers report their load (ORCA), in call trailers or on a separate stream. */
import { create, toBinary } from '@bufbuild/protobuf'
import { Code } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { SayHelloResponseSchema } from '../../gen/greeter/v1/greeter_pb.js'
import { envelop } from '../../wire/envelope.ts'
import type { Http2Stream } from '../../wire/http2/http2.ts'
import { connectTo } from '../support/backends.ts'
import { encodeReport, reportTrailers } from '../support/contracts/load-report.ts'
import { GRPC_HEAD, type GrpcServer, refuse, startGrpcServer } from '../support/grpc-server.ts'

const PATH = '/xds.service.orca.v3.OpenRcaService/StreamCoreMetrics'
/** Reports count at once. */
const CONFIG = { blackoutPeriod: '0s', weightUpdatePeriod: '0.1s' }

/** A server that could do a hundred calls a second, divided by its load. */
interface Reporter {
  readonly name: string
  readonly utilization: number
  /** Where it reports. Default: in trailers. */
  readonly outOfBand?: 'served' | 'unimplemented'
}

async function startReporter(reporter: Reporter): Promise<GrpcServer> {
  const server = await startGrpcServer((stream, { head }) => {
    if (head.path === PATH) answerLoad(stream, reporter)
    else greet(stream, reporter)
  })
  return server
}

function answerLoad(stream: Http2Stream, { utilization, outOfBand }: Reporter): void {
  if (outOfBand !== 'served') {
    refuse(stream, Code.Unimplemented)
    return
  }
  stream.respond(GRPC_HEAD)
  stream.write(envelop(0, encodeReport({ qps: 100, application: utilization })))
}

function greet(stream: Http2Stream, { name, utilization, outOfBand }: Reporter): void {
  const message = toBinary(SayHelloResponseSchema, create(SayHelloResponseSchema, { message: name }))
  const report = outOfBand === undefined ? reportTrailers({ qps: 100, application: utilization }) : []
  stream.reply(GRPC_HEAD, envelop(0, message), [{ name: 'grpc-status', value: '0' }, ...report])
}

function asked({ heads }: GrpcServer): number {
  return heads.filter(({ path }) => path === PATH).length
}

test('LB-5 per-call, in trailers', async () => {
  const busy = await startReporter({ name: 'busy', utilization: 0.9 })
  const idle = await startReporter({ name: 'idle', utilization: 0.1 })
  const client = connectTo([busy, idle], 'weighted_round_robin', { config: CONFIG })
  await expect.poll(async () => (await client.share(50)).idle ?? 0).toBeGreaterThan(40)
  expect([busy, idle].map(asked)).toEqual([0, 0])
})

test('LB-5 out of band: asks each server once, independent of calls', async () => {
  const busy = await startReporter({ name: 'busy', utilization: 0.9, outOfBand: 'served' })
  const idle = await startReporter({ name: 'idle', utilization: 0.1, outOfBand: 'served' })
  const client = connectTo([busy, idle], 'weighted_round_robin', { config: { ...CONFIG, enableOobLoadReport: true } })
  await expect.poll(async () => (await client.share(50)).idle ?? 0).toBeGreaterThan(40)
  expect([busy, idle].map(asked)).toEqual([1, 1])
})

test('servers without load reporting are used in turn, and not asked again', async () => {
  const servers = [
    await startReporter({ name: 'a', utilization: 0.9, outOfBand: 'unimplemented' }),
    await startReporter({ name: 'b', utilization: 0.1, outOfBand: 'unimplemented' }),
  ]
  const client = connectTo(servers, 'weighted_round_robin', { config: { ...CONFIG, enableOobLoadReport: true } })
  await expect.poll(() => client.share(20)).toEqual({ a: 10, b: 10 })
  await expect.poll(() => servers.map(asked)).toEqual([1, 1])
})
