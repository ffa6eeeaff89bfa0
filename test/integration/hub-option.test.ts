/** `--hub`: what keeps the topics of `node server`. */
import { expect, test } from 'vitest'
import { topicHubChoice } from '../../server/open-topic-hub.ts'
import { plantedSecret } from '../support/planted-secrets.ts'
import { freePort } from '../support/ports.ts'
import { ServerProcess } from '../support/server-process.ts'

const PASSWORD = plantedSecret('hub')

test.each([
  'memories',
  'redis:/localhost',
  'redis://localhost/first',
  'redis://localhost:99999',
  'rediss://',
  'nats://user@',
  'tls://localhost,http://localhost',
  'amqp://localhost',
])('%s is not a hub', (url) => {
  expect(topicHubChoice.test(url)).toBe(false)
})

test('what is not a hub is refused at the start, and not repeated', async () => {
  const server = new ServerProcess(['--hub', `amqp://user:${PASSWORD}@localhost`])
  expect(await server.exited).toBe(2)
  expect(server.stderr).toBe(
    '--hub: *** (from the command line) must be memory, nats://HOST[:PORT], tls://HOST[:PORT], redis://HOST[:PORT][/DATABASE] or rediss://...\nTry --help.\n',
  )
})

test.each(['redis', 'nats'])(
  'a %s that is away does not keep the server from starting: it is not ready',
  async (scheme) => {
    const url = `${scheme}://user:${PASSWORD}@127.0.0.1:${await freePort()}`
    const { server, origin } = await ServerProcess.listen([], { PORTICO_HUB: url })
    expect((await fetch(`${origin}/readyz`)).status).toBe(503)
    expect((await fetch(`${origin}/livez`)).status).toBe(200)
    const published = await fetch(`${origin}/greeter.v1.GreeterService/Publish`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"topic":"news","data":"x"}',
    })
    expect(published.status).toBe(503)
    expect(await published.json()).toEqual({
      code: 'unavailable',
      message: 'the broker that keeps the topics cannot be reached',
    })
    server.kill('SIGTERM')
    expect(await server.exited).toBe(0)
  },
)
