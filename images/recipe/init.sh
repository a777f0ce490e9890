#!/bin/busybox sh
# The first program of the box: finds the card that it was started from, mounts system and app of the slot that the
# command line names, both read only, and hands over to systemd. What fails here starts the machine anew, so that the
# firmware may try the other slot.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc && mount -t sysfs sys /sys && mount -t devtmpfs dev /dev && mount -t tmpfs -o mode=0755,nosuid,nodev run /run

give_up() {
  echo "haidang: $1; starting anew in 10 s" >/dev/console
  sleep 10
  reboot -f
}

slot=
for word in $(cat /proc/cmdline); do
  case $word in haidang.slot=*) slot=${word#*=} ;; esac
done
[ "$slot" ] || give_up "the command line names no slot"

for module in /mods/*; do insmod "$module" || echo "haidang: ${module#/mods/} could not be inserted" >/dev/console; done

find_card() {  # a card in a reader is a card too, but not the one that we run from: a built-in slot goes first
  for disk in mmcblk nvme vd sd; do
    for partition in /sys/class/block/"$disk"*; do
      if grep -qx "PARTNAME=system-$slot" "$partition/uevent" 2>/dev/null; then
        basename "$(readlink -f "$partition/..")"
        return 0
      fi
    done
  done
  return 1
}
tries=0
until card=$(find_card); do
  tries=$((tries + 1))
  [ "$tries" -lt 300 ] || give_up "no card has a partition system-$slot"
  sleep 0.1
done

place() {  # label -> the node of that partition of our card
  for partition in /sys/class/block/"$card"/"$card"*; do
    grep -qx "PARTNAME=$1" "$partition/uevent" 2>/dev/null && echo "/dev/$(basename "$partition")"
  done
}
mount -t erofs -o ro "$(place "system-$slot")" /new || give_up "system-$slot of $card cannot be mounted"
mount -t erofs -o ro,nodev "$(place "app-$slot")" /new/usr/lib/haidang || give_up "app-$slot of $card cannot be mounted"

# Two cards of one image have the same names in them: ours are found below /dev/card.
mkdir -p /run/udev/rules.d && mkdir -m 0700 /run/card
echo "SUBSYSTEM==\"block\", KERNEL==\"$card*\", ENV{ID_PART_ENTRY_NAME}==\"?*\", SYMLINK+=\"card/\$env{ID_PART_ENTRY_NAME}\"" >/run/udev/rules.d/62-card.rules
echo "/dev/$card" >/run/card/disk

# The machine's name for itself comes of its serial number: it outlives the card, and nothing is written for it. Machines
# without one share a name: systemd would make up another at each start, and the box would begin another spool each time.
serial=$(cat /sys/firmware/devicetree/base/serial-number /sys/class/dmi/id/product_uuid 2>/dev/null | tr -d '\0\n')
printf 'haidang machine %s' "${serial:-without a number}" | sha256sum | cut -c1-32 >/run/machine-id
mount --bind /run/machine-id /new/etc/machine-id

for folder in proc sys dev run; do mount --move /$folder /new/$folder; done
exec switch_root /new /usr/lib/systemd/systemd
