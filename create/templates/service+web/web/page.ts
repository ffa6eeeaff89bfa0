import { ConnectError } from '@connectrpc/connect'
import { createClient, createConnectTransport, watchStream } from 'portico/web/connect'
import { type Entry, GuestbookService } from '../gen/my_service/v1/guestbook_pb.js'

/** The page calls the server that it comes from; in development Vite passes the calls on. */
const guestbook = createClient(GuestbookService, createConnectTransport())
const form = find('form')
const status = find('output')
const list = find('ol')

form.addEventListener('submit', (event) => {
  event.preventDefault()
  sign(new FormData(form))
})
await watch()

async function sign(fields: FormData): Promise<void> {
  try {
    await guestbook.sign({ author: String(fields.get('author')), text: String(fields.get('text')) })
    form.reset()
    status.value = ''
  } catch (error) {
    status.value = ConnectError.from(error).rawMessage
  }
}

/** Shows entries as they are signed. A lost connection is opened again, after the last entry that was seen. */
async function watch(): Promise<void> {
  const responses = watchStream(guestbook.watch, {
    request: { afterId: 0 },
    resumeAfter: ({ entry }) => entry && { afterId: entry.id },
  })
  for await (const { entry } of responses) if (entry !== undefined) show(entry)
}

function show({ author, text }: Entry): void {
  const item = document.createElement('li')
  item.textContent = `${author}: ${text}`
  list.append(item)
}

function find<Name extends keyof HTMLElementTagNameMap>(name: Name): HTMLElementTagNameMap[Name] {
  const element = document.querySelector(name)
  if (element === null) throw new Error(`the page has no ${name}`)
  return element
}
