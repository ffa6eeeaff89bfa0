/** Fuzz target for the parser of responses that handlers write to an in-memory socket. */
import assert from 'node:assert/strict'
import { MalformedResponseError } from '../../../server/listen/forwarded/response-reader.ts'
import { RecordedResponse } from '../recorded-response.ts'
import type { FuzzTarget } from './fuzz-target.ts'

const texts = (...values: string[]) => values.map((value) => Buffer.from(value, 'latin1'))

/** The first byte selects HEAD, the second the chunk size. */
const responses: FuzzTarget = {
  name: 'responses of node:http',
  corpus: texts(
    '\0\u0003HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\nhello',
    '\0\u0007HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\ngrpc-status: 0\r\n\r\n',
    '\0\u0010HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n',
    '\0\u0040HTTP/1.1 500 Error\r\nconnection: close\r\n\r\nall that follows',
    '\u0001\u0002HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n',
  ),
  stepsPerOctet: 2,
  run(input) {
    const isHead = input[0] === 1
    const size = Math.max(1, input[1] ?? 1)
    const octets = input.subarray(2)
    const whole = read([octets], isHead)
    const pieces = Array.from({ length: Math.ceil(octets.length / size) }, (_, at) =>
      octets.subarray(at * size, (at + 1) * size),
    )
    assert.deepEqual(read(pieces, isHead).found, whole.found, 'a split changes nothing')
    const text = pieces.map((piece) => piece.toString('latin1'))
    assert.deepEqual(read(text, isHead).found, whole.found, 'text is read as octets are')
    return whole.steps
  },
}

/** The result, or that it is malformed: what precedes an error depends on the chunks. */
function read(pieces: readonly (string | Buffer)[], isHead: boolean): { found: unknown; steps: number } {
  const response = new RecordedResponse(isHead)
  try {
    for (const piece of pieces) response.push(piece, 'latin1')
    response.finish()
  } catch (error) {
    if (!(error instanceof MalformedResponseError)) throw error
    return { found: 'malformed', steps: response.steps }
  }
  const { interim, head, body, trailers, steps } = response
  for (const [name] of head ?? []) assert.match(name, /^:status$|^[!#-'*+.0-9^-z|~-]+$/)
  return { found: { interim, head, body: body.toString('latin1'), trailers }, steps }
}

/** For the fuzzer and for its short run among the tests. */
export const RESPONSE_TARGETS: readonly FuzzTarget[] = [responses]
