/** A call that stays open until the test ends it. */
import { callHeaders, envelope } from './calls.ts'
import { openSession } from './native-fastify.ts'

/** Opens a bidirectional call of the greeter on its own connection. Resolves once the handler runs. */
export async function openStream(origin: string) {
  const session = await openSession(origin)
  const path = '/greeter.v1.GreeterService/AllStream'
  const stream = session.request({ ':method': 'POST', ':path': path, ...callHeaders('grpc') })
  const ended = new Promise<unknown>((resolve) => {
    stream.on('trailers', ({ 'grpc-status': status }) => resolve(status))
    stream.on('close', () => resolve('reset'))
    stream.on('error', () => {})
  })
  stream.resume()
  // Joins a topic, so that the handler runs.
  stream.write(envelope(Buffer.from('\n\x01t')))
  await new Promise<void>((resolve) => session.ping(() => resolve()))
  return { finish: () => stream.end(), ended }
}
