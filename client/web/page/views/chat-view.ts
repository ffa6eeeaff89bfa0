/** Chat: lines go out by unary calls and come in, for everybody in the room, by a server stream. */
import type { GetStreamResponse } from '../../public.ts'
import { parseChatLine, writeChatLine } from '../parts/chat-line.ts'
import { element } from '../parts/element.ts'
import { formatTime, messageTimeMs } from '../parts/format.ts'
import { greeterClients, UNARY_TIMEOUT_MS } from '../parts/greeter-clients.ts'
import { need, needPart } from '../parts/need.ts'
import { recall, remember } from '../parts/remembered.ts'
import { showError } from '../parts/show-error.ts'
import { TopicFeed } from '../parts/topic-feed.ts'
import type { View } from './view.ts'

const MAX_ITEMS = 500

/** Within this many pixels of the end a reader follows the talk; further up they read, and are not pulled down. */
const FOLLOW_PX = 80

/** Wires up the section. */
export function createChatView(section: HTMLElement): View {
  const roomForm = need(section, 'form[name="room"]', HTMLFormElement)
  const room = need(roomForm, '[name="room"]', HTMLInputElement)
  const name = need(roomForm, '[name="who"]', HTMLInputElement)
  const list = needPart(section, 'messages')
  let topic = topicOf(room.value)
  const feed = new TopicFeed(topic, {
    client: greeterClients.connect,
    badgeSlot: needPart(section, 'badge'),
    onMessage: (message, isRestart) => addMessage(list, name.value, message, isRestart),
  })
  name.value = recall('name') ?? ''
  name.addEventListener('change', () => remember('name', name.value))
  roomForm.addEventListener('submit', (event) => {
    event.preventDefault()
    if (topic === topicOf(room.value)) return
    topic = topicOf(room.value)
    list.replaceChildren()
    feed.select(topic)
  })
  setUpCompose(section, name, () => topic)
  return { section, show: () => feed.open(), hide: () => feed.close() }
}

function topicOf(room: string): string {
  return `chat/${room}`
}

function setUpCompose(section: HTMLElement, name: HTMLInputElement, topic: () => string): void {
  const form = need(section, 'form[name="compose"]', HTMLFormElement)
  const text = need(form, '[name="text"]', HTMLInputElement)
  const error = needPart(section, 'error')
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    if (!name.reportValidity()) return
    const line = { name: name.value, text: text.value }
    form.reset()
    try {
      const request = { topic: topic(), data: writeChatLine(line) }
      await greeterClients.connect.publish(request, { timeoutMs: UNARY_TIMEOUT_MS })
      showError(error)
    } catch (reason) {
      showError(error, reason)
      if (text.value === '') text.value = line.text
    }
  })
}

function addMessage(list: HTMLElement, ownName: string, message: GetStreamResponse, isRestart: boolean): void {
  const isFollowing = list.scrollHeight - list.scrollTop - list.clientHeight < FOLLOW_PX
  if (isRestart) list.append(divider('The server has started anew'))
  if (message.missed > 0n) list.append(divider(`${message.missed} earlier messages are no longer kept`))
  list.append(messageItem(ownName, message))
  while (list.childElementCount > MAX_ITEMS) list.firstElementChild?.remove()
  if (isFollowing) list.scrollTop = list.scrollHeight
}

function divider(text: string): HTMLElement {
  return element('li', { class: 'divider' }, text)
}

function messageItem(ownName: string, message: GetStreamResponse): HTMLElement {
  const { name, text } = parseChatLine(message.data)
  const timeMs = messageTimeMs(message)
  return element(
    'li',
    { class: name !== '' && name === ownName ? 'message is-own' : 'message' },
    element(
      'p',
      { class: 'message-head' },
      element('b', {}, name === '' ? 'Somebody' : name),
      ' ',
      element('time', { datetime: new Date(timeMs).toISOString() }, formatTime(timeMs)),
    ),
    element('p', { class: 'message-text' }, text),
  )
}
