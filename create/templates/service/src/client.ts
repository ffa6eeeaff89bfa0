/** Calls the four methods once: `npm run client [ADDRESS]`. */
import { createClient, createTransport } from 'portico/client'
import { GuestbookService } from '../gen/my_service/v1/guestbook_pb.js'

const transport = createTransport({ baseUrl: process.argv[2] ?? 'http://127.0.0.1:8080' })
const guestbook = createClient(GuestbookService, transport)

const { entry } = await guestbook.sign({ author: 'Ada', text: 'Hello' })
console.log(`Sign: entry ${entry?.id}`)

const { count } = await guestbook.import(letters(['Grace', 'Edsger']))
console.log(`Import: ${count} entries`)

for await (const response of guestbook.signEach(letters(['Barbara', 'Donald']))) {
  console.log(`SignEach: entry ${response.entry?.id} by ${response.entry?.author}`)
}

for await (const response of guestbook.watch({ limit: 5 })) {
  console.log(`Watch: entry ${response.entry?.id} by ${response.entry?.author}: ${response.entry?.text}`)
}

await transport.close()

async function* letters(authors: readonly string[]) {
  for (const author of authors) yield { author, text: `${author} was here` }
}
