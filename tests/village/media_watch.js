/** Watches a page's calls from outside: every RTCPeerConnection, every picture that is painted. Put in before the
 * page's own scripts; nothing of the page is asked. Moments are Date.now(). */
(() => {
  const LOUD = 0.01; // of full scale: the level of a voice, not of a decoder's rest
  const LOOK_MS = 10, COUNT_MS = 1000, RECENT_MS = 200;
  const COUNTED = ["framesDecoded", "freezeCount", "totalFreezesDuration", "totalAudioEnergy", "totalSamplesReceived",
    "concealedSamples", "silentConcealedSamples", "insertedSamplesForDeceleration", "removedSamplesForAcceleration",
    "packetsReceived", "packetsLost", "bytesReceived", "jitterBufferDelay", "jitterBufferEmittedCount", "pliCount",
    "keyFramesDecoded", "nackCount"];
  const Native = window.RTCPeerConnection;
  /** @type {RTCPeerConnection[]} */
  const peers = [];
  const watched = new WeakSet();
  const watch = { peers, marks: { heard: null, painted: null, live: null, said: null }, painted: [], heard: [] };
  window.mediaWatch = watch;
  window.RTCPeerConnection = class extends Native {
    constructor(...given) {
      super(...given);
      peers.push(this);
    }
  };

  function onFrame(video) {
    watch.marks.painted ??= Date.now();
    watch.painted.push(Date.now());
    video.requestVideoFrameCallback(() => onFrame(video));
  }

  function look() {
    for (const video of document.querySelectorAll("video")) {
      if (watched.has(video)) continue;
      watched.add(video);
      video.requestVideoFrameCallback(() => onFrame(video));
    }
    if (watch.marks.live === null) {
      const isLive = (strip) => strip.state === "live" && strip.plotted(0, 2 ** 40).length > 0;
      if ([...document.querySelectorAll("hd-sweep")].some(isLive)) watch.marks.live = Date.now();
    }
    const level = heardLevel();
    if (level !== null) watch.heard.push([Date.now(), level]);
    if (level > LOUD) watch.marks.heard ??= Date.now();
    window.setTimeout(look, LOOK_MS);
  }
  window.setTimeout(look, LOOK_MS);

  function open() {
    return peers.filter((peer) => peer.connectionState !== "closed");
  }

  /** The loudest of what came within the last moments; null while nothing comes. */
  function heardLevel() {
    let level = null;
    const now_ms = performance.timeOrigin + performance.now();
    for (const peer of open()) {
      if (peer.connectionState !== "connected") continue;
      for (const receiver of peer.getReceivers()) {
        if (receiver.track.kind !== "audio") continue;
        for (const source of receiver.getSynchronizationSources()) {
          const isNow = now_ms - source.timestamp < RECENT_MS; // a source is listed for seconds after its last word
          if (isNow) level = Math.max(level ?? 0, source.audioLevel ?? 0);
        }
      }
    }
    return level;
  }

  /** The last counts of each connection, those that are closed included: legs come and go, what they did stays. */
  const counted = new Map();

  async function count(peer) {
    if (peer.connectionState === "closed") return;
    const counts = { audio: {}, video: {}, said: { totalAudioEnergy: 0, packetsSent: 0 }, pairs: [] };
    const report = await peer.getStats();
    for (const one of report.values()) {
      if (one.type === "inbound-rtp") {
        for (const name of COUNTED) counts[one.kind][name] = (counts[one.kind][name] ?? 0) + (one[name] ?? 0);
      } else if (one.type === "media-source" && one.kind === "audio") {
        counts.said.totalAudioEnergy += one.totalAudioEnergy ?? 0;
      } else if (one.type === "outbound-rtp" && one.kind === "audio") {
        counts.said.packetsSent += one.packetsSent;
      } else if (one.type === "transport" && report.has(one.selectedCandidatePairId)) {
        const pair = report.get(one.selectedCandidatePairId);
        const local = report.get(pair.localCandidateId), remote = report.get(pair.remoteCandidateId);
        counts.pairs.push({ local: local?.candidateType, remote: remote?.candidateType, address: remote?.address,
          protocol: local?.protocol, roundTrip_ms: (pair.currentRoundTripTime ?? 0) * 1000 });
      }
    }
    counted.set(peer, counts);
  }
  window.setInterval(() => peers.forEach((peer) => void count(peer)), COUNT_MS);

  /** What all connections have counted together, by kind; the pairs are those in use now. */
  watch.counts = async () => {
    const sum = { audio: {}, video: {}, said: { totalAudioEnergy: 0, packetsSent: 0 }, pairs: [], connections: peers.length };
    await Promise.all(peers.map(count));
    for (const [peer, counts] of counted) {
      for (const kind of ["audio", "video", "said"]) {
        for (const [name, value] of Object.entries(counts[kind])) sum[kind][name] = (sum[kind][name] ?? 0) + value;
      }
      if (peer.connectionState !== "closed") sum.pairs.push(...counts.pairs);
    }
    return sum;
  };
})();
