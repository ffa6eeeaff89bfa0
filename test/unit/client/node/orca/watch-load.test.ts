import { fromBinary } from '@bufbuild/protobuf'
import { BinaryReader } from '@bufbuild/protobuf/wire'
import { DurationSchema, durationMs } from '@bufbuild/protobuf/wkt'
import { Code } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { watchLoad } from '../../../../../client/node/orca/watch-load.ts'
import { ownRequests } from '../../../../../client/node/subchannel/own-requests.ts'
import { ErrorCode } from '../../../../../wire/http2/http2.ts'
import { encodeReport } from '../../../../support/contracts/load-report.ts'
import { openFakeSubchannel } from '../../../../support/fake-subchannel.ts'
import { NO_CREDENTIALS } from '../../../../support/no-credentials.ts'

/** A connection on which load reports are requested. */
function connected(intervalMs = 10_000) {
  const { clock, connector, subchannel } = openFakeSubchannel({
    headOf: ownRequests({
      isTls: true,
      authority: 'test',
      pathPrefix: '',
      userAgent: 'test',
      authenticator: NO_CREDENTIALS,
    }),
  })
  const reported: number[] = []
  const stop = watchLoad(subchannel, { intervalMs, onReport: ({ qps }) => reported.push(qps) })
  subchannel.connect()
  connector.last.succeed()
  const stream = () => connector.last.streams.at(-1) ?? expect.unreachable('no request was sent')
  return { clock, connector, subchannel, reported, stop, stream }
}

test('calls the ORCA service, with the configured interval', () => {
  const { stream, reported } = connected(90_500)
  expect(stream().head).toMatchObject({
    ':scheme': 'https',
    ':path': '/xds.service.orca.v3.OpenRcaService/StreamCoreMetrics',
  })
  const reader = new BinaryReader(stream().message)
  expect(reader.tag()[0]).toBe(1)
  expect(durationMs(fromBinary(DurationSchema, reader.bytes()))).toBe(90_500)
  for (const qps of [1, 2]) stream().answer(encodeReport({ qps }))
  expect(reported).toEqual([1, 2])
})

test('a server without the service is not called again on that connection, but on the next one', () => {
  const { clock, connector, subchannel, stream } = connected()
  stream().finish(Code.Unimplemented)
  clock.advance(1_000_000)
  expect(connector.last.streams).toHaveLength(1)
  connector.last.leave()
  subchannel.connect()
  connector.last.succeed()
  expect(connector.attempts).toHaveLength(2)
  expect(connector.last.streams).toHaveLength(1)
})

test('any other end is retried, after a backoff if no report arrived', () => {
  const { clock, connector, reported, stream } = connected()
  stream().finish(Code.Unavailable)
  clock.advance(999)
  expect(connector.last.streams).toHaveLength(1)
  clock.advance(1)
  stream().answer(encodeReport({ qps: 3 }))
  stream().finish(0)
  clock.advance(0)
  expect(connector.last.streams).toHaveLength(3)
  expect(reported).toEqual([3])
})

test('an invalid report is a server error, and ends the stream', () => {
  const { connector, reported, stream } = connected()
  stream().answer(Uint8Array.of(0x09))
  expect(connector.last.streams[0]?.resetCode).toBe(ErrorCode.CANCEL)
  expect(reported).toEqual([])
})

test('ends without listeners, and with the connection', () => {
  const first = connected()
  first.stop()
  expect(first.stream().resetCode).toBe(ErrorCode.CANCEL)
  const second = connected()
  second.connector.last.leave()
  expect(second.stream().resetCode).toBe(ErrorCode.CANCEL)
})
