/** Chat: a bidirectional stream sends lines and brings those of everyone in the room; a server stream brings what was said before. */
import { linkToConsole } from '../parts/console-link.ts'
import { greeterClients } from '../parts/greeter-clients.ts'
import { parseChatLine, writeChatLine } from '../parts/message-data.ts'
import { need, needPart } from '../parts/need.ts'
import { recall, remember } from '../parts/remembered.ts'
import { RoomCall } from '../parts/room-call.ts'
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
  const call = createCall(section, feed)
  name.value = recall('name') ?? ''
  name.addEventListener('change', () => remember('name', name.value))
  roomForm.addEventListener('submit', (event) => {
    event.preventDefault()
    if (topic === topicOf(room.value)) return
    topic = topicOf(room.value)
    log.clear(topic)
    feed.select(topic)
    call.open(topic)
    showLink(section, topic)
  })
  setUpCompose(section, name, call)
  showLink(section, topic)
  return {
    section,
    show() {
      feed.open()
      call.open(topic)
    },
    hide() {
      feed.close()
      call.close()
    },
  }
}

function topicOf(room: string): string {
  return `chat/${room}`
}

function showLink(section: HTMLElement, topic: string): void {
  const messages = [{ topic }, { topic, data: writeChatLine({ name: 'Console', text: 'Hello' }) }]
  void linkToConsole(section, { method: 'greeter.v1.GreeterService/AllStream', protocol: 'websocket', messages })
}

/** The feed rests while the call brings each message, and fills the gaps when one is missing. */
function createCall(section: HTMLElement, feed: TopicFeed): RoomCall {
  const error = needPart(section, 'error')
  const text = need(section, '[name="text"]', HTMLInputElement)
  return new RoomCall({
    onMessage(message) {
      if (feed.offer(message)) feed.rest()
      else feed.open()
    },
    onLost: () => feed.open(),
    onDelivered: () => showError(error),
    onUndelivered(data, reason) {
      showError(error, reason)
      if (text.value === '') text.value = parseChatLine(data).text
    },
  })
}

function setUpCompose(section: HTMLElement, name: HTMLInputElement, call: RoomCall): void {
  const form = need(section, 'form[name="compose"]', HTMLFormElement)
  const text = need(form, '[name="text"]', HTMLInputElement)
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    if (!name.reportValidity()) return
    call.send(writeChatLine({ name: name.value, text: text.value }))
    form.reset()
  })
}
