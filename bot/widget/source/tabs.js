// Tells the same site's other tabs what happens in the conversation, without storage and without the network.

export class Tabs {
  /**
   * @param {string} name
   * @param {(message: any) => void} hear
   */
  constructor(name, hear) {
    try {
      this.channel = new BroadcastChannel(name);
      this.channel.onmessage = (event) => hear(event.data);
    } catch {
      this.channel = null;
    }
  }

  /** @param {{type: string, [key: string]: any}} message */
  tell(message) {
    this.channel?.postMessage(message);
  }

  close() {
    this.channel?.close();
  }
}
