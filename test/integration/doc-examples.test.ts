/** Every program on the pages about the client does what its page says. */
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { testCertificates } from '../support/certificates.ts'
import { startDemo } from '../support/demo-server.ts'
import { type DocExample, type ExampleGround, readExamples, runExample } from '../support/doc-examples.ts'

const FOLDER = 'docs/client'
const pages = [
  'docs/client.md',
  ...readdirSync(path.resolve(import.meta.dirname, '../..', FOLDER)).map((name) => path.join(FOLDER, name)),
]
const examples: [page: string, title: string, example: DocExample][] = []
for (const page of pages) {
  for (const example of await readExamples(page)) examples.push([page, example.title, example])
}

test.each(examples)('%s: %s', async (_page, _title, example) => {
  expect(await runExample(example, await startGround())).toBe(example.printed)
})

/** A token that says it is valid until 2100. */
const TOKEN = ['{"alg":"none"}', '{"exp":4102444800}', '']
  .map((part) => Buffer.from(part).toString('base64url'))
  .join('.')

/** Two servers in cleartext and one with TLS, for the addresses that the pages name; keys for servers of their own. */
async function startGround(): Promise<ExampleGround> {
  const { ca, server, client } = await testCertificates()
  const [one, other, secure] = await Promise.all([startDemo(), startDemo(), startDemo({ listen: { tls: server } })])
  return {
    replaced: {
      '127.0.0.1:8080': one.host,
      'localhost:8080': `localhost:${one.port}`,
      '127.0.0.1:8081': other.host,
      'localhost:8443': `localhost:${secure.port}`,
    },
    files: {
      'ca.pem': ca,
      'server.pem': server.cert,
      'server-key.pem': server.key,
      'client.pem': client.cert,
      'client-key.pem': client.key,
      'token.jwt': TOKEN,
    },
  }
}
