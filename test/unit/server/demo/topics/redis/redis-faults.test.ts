import { expect, test } from 'vitest'
import { refusalOf } from '../../../../../../server/demo/topics/redis/redis-faults.ts'
import { plantedSecret } from '../../../../../support/planted-secrets.ts'

const SECRET = plantedSecret('redis')

function reply(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError', command: { name: 'auth', args: ['user', SECRET] } })
}

test.each([
  ['of today', `ERR unknown command 'AUTH', with args beginning with: 'user' '${SECRET}' `],
  ['of Redis 6', `ERR unknown command \`AUTH\`, with args beginning with: \`user\`, \`${SECRET}\`, `],
  ['in capitals', `ERR Unknown command 'hello', WITH ARGS BEGINNING WITH: '3' 'AUTH' 'user' '${SECRET}'`],
])('a server that does not know a command is named without its arguments: %s', (_, message) => {
  const refusal = refusalOf(reply(message))
  expect(refusal).toMatch(/^Redis answers: ERR unknown command .(AUTH|hello).$/i)
})

test.each([
  'LOADING Redis is loading the dataset in memory',
  'OOM command not allowed',
  'ERR max number of clients reached',
])('what passes is no refusal: %s', (message) => {
  expect(refusalOf(reply(message))).toBeUndefined()
})
