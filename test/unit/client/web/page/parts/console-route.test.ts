import { expect, it } from 'vitest'
import { consoleRoute } from '../../../../../../client/web/page/parts/console-route.ts'
import { decodeCall } from '../../../../../../console/app/saved/call-link.ts'

it.each([
  [[{ topic: 'stocks/ACME', afterSequence: '0' }]],
  [[{ topic: 'chat/lobby' }, { topic: 'chat/lobby', data: '{"name":"Zoë <b>","text":"日本語 🎉"}' }]],
  [[]],
])('makes a link that the console reads: %j', async (messages) => {
  const method = 'greeter.v1.GreeterService/AllStream'
  const route = await consoleRoute({ method, protocol: 'websocket', messages })
  const [, text = ''] = /^#\/method\/greeter\.v1\.GreeterService\/AllStream\?call=([\w.-]+)$/.exec(route) ?? []
  const saved = await decodeCall(text)
  expect(saved).toMatchObject({ method, protocol: 'websocket', headers: [] })
  expect(saved.messages.map((message) => JSON.parse(message))).toEqual(messages)
})
