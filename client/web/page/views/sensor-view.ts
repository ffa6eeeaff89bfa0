/** Sensor: a client stream publishes readings, and a server stream brings them back. */
import { linkToConsole } from '../parts/console-link.ts'
import { greeterClients } from '../parts/greeter-clients.ts'
import { need, needPart } from '../parts/need.ts'
import { TopicFeed } from '../parts/topic-feed.ts'
import { ReadingBoard } from './reading-board.ts'
import { ReadingPublisher } from './reading-publisher.ts'
import type { View } from './view.ts'

/** Wires up the section. */
export function createSensorView(section: HTMLElement): View {
  const form = need(section, 'form', HTMLFormElement)
  const name = need(form, '[name="sensor"]', HTMLInputElement)
  const board = new ReadingBoard(section)
  let topic = topicOf(name.value)
  const publisher = new ReadingPublisher(section, () => topic)
  const feed = new TopicFeed(topic, {
    client: greeterClients.connect,
    badgeSlot: needPart(section, 'badge'),
    onMessage: (message, lapse) => board.add(message, lapse),
    onStale: (isStale) => board.showStale(isStale),
  })
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    topic = topicOf(name.value)
    board.clear(topic)
    feed.select(topic)
    showLink(section, topic)
  })
  showLink(section, topic)
  return {
    section,
    show() {
      feed.open()
      publisher.resume()
    },
    hide() {
      feed.close()
      publisher.pause()
    },
  }
}

function topicOf(name: string): string {
  return `sensors/${name}`
}

function showLink(section: HTMLElement, topic: string): void {
  const messages = [20.5, 21, 21.5].map((celsius) => ({ topic, data: JSON.stringify({ celsius }) }))
  void linkToConsole(section, { method: 'greeter.v1.GreeterService/PutStream', protocol: 'websocket', messages })
}
