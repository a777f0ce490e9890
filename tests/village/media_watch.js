/** Watches a page's calls from outside: every RTCPeerConnection, every picture that is painted. Put in before the
 * page's own scripts; nothing of the page is asked. Moments are Date.now(). */
(() => {
  const LOUD = 0.01; // of full scale: the level of a voice, not of a decoder's rest
  const LOOK_MS = 10;
  const COUNTED = ["framesDecoded", "freezeCount", "totalFreezesDuration", "totalAudioEnergy", "totalSamplesReceived",
    "concealedSamples", "silentConcealedSamples", "insertedSamplesForDeceleration", "removedSamplesForAcceleration",
    "packetsReceived", "packetsLost", "bytesReceived", "jitterBufferDelay", "jitterBufferEmittedCount", "pliCount",
    "keyFramesDecoded", "nackCount", "frameWidth", "frameHeight"];
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

  function onFrame(video, metadata) {
    watch.marks.painted ??= Date.now();
    watch.painted.push([Date.now(), metadata.width, metadata.height, metadata.presentedFrames]);
    video.requestVideoFrameCallback((_now, next) => onFrame(video, next));
  }

  async function look() {
    for (const video of document.querySelectorAll("video")) {
      if (watched.has(video)) continue;
      watched.add(video);
      video.requestVideoFrameCallback((_now, metadata) => onFrame(video, metadata));
    }
    if (watch.marks.live === null) {
      const isLive = (strip) => strip.state === "live" && strip.plotted(0, 2 ** 40).length > 0;
      if ([...document.querySelectorAll("hd-sweep")].some(isLive)) watch.marks.live = Date.now();
    }
    const level = await heardLevel();
    if (level !== null) watch.heard.push([Date.now(), level]);
    if (level > LOUD) watch.marks.heard ??= Date.now();
    window.setTimeout(look, LOOK_MS);
  }
  window.setTimeout(look, LOOK_MS);

  function open() {
    return peers.filter((peer) => peer.connectionState !== "closed");
  }

  /** The loudest of what is received now; null while nothing is. */
  async function heardLevel() {
    let level = null;
    for (const peer of open()) {
      for (const receiver of peer.getReceivers()) {
        if (receiver.track.kind !== "audio" || peer.connectionState !== "connected") continue;
        for (const source of receiver.getSynchronizationSources()) level = Math.max(level ?? 0, source.audioLevel ?? 0);
      }
    }
    return level;
  }

  /** What all connections that are open count together, by kind: {audio: {…}, video: {…}, said: {…}, pairs: […]}. */
  watch.counts = async () => {
    const counts = { audio: {}, video: {}, said: { totalAudioEnergy: 0, packetsSent: 0 }, pairs: [] };
    for (const peer of open()) {
      const report = await peer.getStats();
      for (const one of report.values()) {
        if (one.type === "inbound-rtp") {
          for (const name of COUNTED) counts[one.kind][name] = (counts[one.kind][name] ?? 0) + (one[name] ?? 0);
        } else if (one.type === "media-source" && one.kind === "audio") {
          counts.said.totalAudioEnergy += one.totalAudioEnergy ?? 0;
        } else if (one.type === "outbound-rtp" && one.kind === "audio") {
          counts.said.packetsSent += one.packetsSent;
        } else if (one.type === "candidate-pair" && one.nominated && one.state === "succeeded") {
          const local = report.get(one.localCandidateId), remote = report.get(one.remoteCandidateId);
          counts.pairs.push({ local: local?.candidateType, remote: remote?.candidateType, address: remote?.address,
            protocol: local?.protocol, roundTrip_ms: (one.currentRoundTripTime ?? 0) * 1000 });
        }
      }
    }
    return counts;
  };
})();
