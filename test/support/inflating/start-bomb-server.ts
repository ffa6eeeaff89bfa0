/** A server whose every response is a message of a few bytes that inflates to 4 MiB. */
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import { EnvelopeFlag, envelop } from '../../../wire/envelope.ts'
import { startHttpServer } from '../http-server.ts'
import { BOMB_BYTES, BOMB_ENCODINGS, type BombEncoding, messageOf } from './bombs.ts'

/** Answers gRPC, gRPC-Web and Connect over HTTP/2. It is closed when the running test ends. */
export async function startBombServer(encoding: BombEncoding): Promise<{ port: number }> {
  const packed = BOMB_ENCODINGS[encoding](messageOf(BOMB_BYTES))
  return startHttpServer({
    httpVersion: '2',
    answer(request, response) {
      request.resume()
      answer(request as Http2ServerRequest, response as Http2ServerResponse, { encoding, packed })
      return true
    },
  })
}

function answer(
  { headers }: Http2ServerRequest,
  response: Http2ServerResponse,
  { encoding, packed }: { encoding: BombEncoding; packed: Buffer },
): void {
  const type = headers['content-type'] ?? ''
  const message = envelop(EnvelopeFlag.COMPRESSED, packed)
  const send = (encodingField: string, ...body: Buffer[]): void => {
    response.writeHead(200, { 'content-type': type, [encodingField]: encoding })
    response.end(Buffer.concat(body))
  }
  if (type.startsWith('application/grpc-web')) {
    send('grpc-encoding', message, envelop(EnvelopeFlag.TRAILERS, Buffer.from('grpc-status: 0\r\n')))
  } else if (type.startsWith('application/grpc')) {
    response.addTrailers({ 'grpc-status': '0' })
    send('grpc-encoding', message)
  } else if (type.startsWith('application/connect')) {
    send('connect-content-encoding', message, envelop(EnvelopeFlag.END_STREAM, Buffer.from('{}')))
  } else {
    send('content-encoding', packed)
  }
}
