/** Chat: unary calls send lines, and a server stream brings those of everyone in the room. */

import { greeterClients, UNARY_TIMEOUT_MS } from '../parts/greeter-clients.ts'
import { writeChatLine } from '../parts/message-data.ts'
import { need, needPart } from '../parts/need.ts'
import { recall, remember } from '../parts/remembered.ts'
import { showError } from '../parts/show-error.ts'
import { TopicFeed } from '../parts/topic-feed.ts'
import { MessageLog } from './message-log.ts'
import type { View } from './view.ts'

/** Wires up the section. */
export function createChatView(section: HTMLElement): View {
  const roomForm = need(section, 'form[name="room"]', HTMLFormElement)
  const room = need(roomForm, '[name="room"]', HTMLInputElement)
  const name = need(roomForm, '[name="who"]', HTMLInputElement)
  const log = new MessageLog(section)
  let topic = topicOf(room.value)
  const feed = new TopicFeed(topic, {
    client: greeterClients.connect,
    badgeSlot: needPart(section, 'badge'),
    onMessage: (message, lapse) => log.add(message, { ownName: name.value, isRestart: lapse === 'restart' }),
  })
  name.value = recall('name') ?? ''
  name.addEventListener('change', () => remember('name', name.value))
  roomForm.addEventListener('submit', (event) => {
    event.preventDefault()
    if (topic === topicOf(room.value)) return
    topic = topicOf(room.value)
    log.clear(topic)
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
