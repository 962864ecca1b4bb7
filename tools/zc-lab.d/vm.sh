# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2154
# One start of the lab's machine. Its serial ports: the kernel's console, the command's output, the
# archive of /out, the command's exit status.

# nic_arguments INDEX: the NIC under test pINDEX and its counterpart gINDEX, wired in QEMU's hub.
nic_arguments() {
	local i=$1 n=$(($1 + 1)) device=virtio-net-pci,iommu_platform=on,disable-legacy=on
	local counterpart="virtio-net-pci,bus=rg$i,netdev=g$i,romfile=,mac=52:54:00:00:02:0$n"
	local tested="bus=rp$i,netdev=p$i,romfile=,mac=52:54:00:00:01:0$n"

	[ "$nic" != igb ] || device=igb
	echo -netdev "hubport,hubid=$i,id=p$i" -netdev "hubport,hubid=$i,id=g$i"
	echo -device "pcie-root-port,id=rg$i,chassis=2$i" -device "$counterpart"
	echo -device "pcie-root-port,id=rp$i,chassis=1$i"
	case $nic in
	virtiovf) # a virtual function is a device of its own that names its physical one
		echo -netdev "hubport,hubid=1$i,id=f$i"
		echo -device "$device,$tested,addr=0.1,sriov-pf=pf$i"
		echo -device "$device,bus=rp$i,addr=0.0,id=pf$i,netdev=f$i,romfile=,mac=52:54:00:00:03:0$n"
		;;
	*) echo -device "$device,$tested" ;;
	esac
}

# initrd_make DIR: the root with the command and its files.
initrd_make() {
	local f
	root_lay "$1/tree"
	mkdir -p "$1/tree/run"
	for f in "${files[@]}"; do
		case $f in
		*:*) program_add "$1/tree" "${f%%:*}" "${f#*:}" ;;
		*) program_add "$1/tree" "$f" "/usr/local/bin/$(basename "$f")" ;;
		esac
	done
	{
		echo '#!/bin/bash'
		printf 'exec'
		printf ' %q' "${command[@]}"
		echo
	} >"$1/tree/run/cmd"
	chmod +x "$1/tree/run/cmd"
	{
		cat "$cache/root.cpio"
		pack "$1/tree"
	} >"$1/initrd"
}

# vm_run: start it, pass its output on, end with the command's status.
vm_run() {
	local w rc=0 status append devices reader modules=veth,8021q,xsk_diag,sch_ingress,cls_bpf,virtio_net

	w=$(mktemp -d)
	on_exit rm -rf "$w"
	initrd_make "$w"
	mkfifo "$w/pipe.in" "$w/pipe.out"
	touch "$w/console" "$w/tar" "$w/rc"
	[ "$nic" != igb ] || modules+=,igb
	append="console=ttyS0 panic=-1 mitigations=off nokaslr tsc=reliable no_timer_check"
	append+=" random.trust_cpu=on net.ifnames=0 lab.nic=$nic lab.modules=$modules"
	append+=" ${verbose:+loglevel=7}${verbose:-quiet}"
	read -rd '' -a devices < <(nic_arguments 0 && nic_arguments 1) || : # ends at the end of input
	cat "$w/pipe.out" & # ends when QEMU closes the pipe
	reader=$!
	run_child timeout -k 5 "$timeout" bash -c 'cache=$1; . "$2"; shift 2; qemu "$@"' qemu \
		"$cache" "$lab/image.sh" \
		-M q35,usb=off -nodefaults -no-user-config -display none -no-reboot \
		-accel tcg,thread=multi,tb-size=256 -cpu max,la57=off -m 1024 -smp 2 -rtc clock=host \
		-kernel "$cache/kernel/vmlinux" -initrd "$w/initrd" -append "$append" \
		-serial "file:$w/console" -chardev "pipe,id=c1,path=$w/pipe" -serial chardev:c1 \
		-serial "file:$w/tar" -serial "file:$w/rc" "${devices[@]}" 2>"$w/qemu.err" || rc=$?
	child_end "$reader"
	[ -z "$verbose" ] || cat "$w/console" >&2
	[ -n "$verbose" ] || sed -n '/^\[lab/p' "$w/console" >&2
	if [ -n "$out" ] && [ -s "$w/tar" ]; then
		mkdir -p "$out"
		tar -C "$out" -xf "$w/tar"
		cp "$w/console" "$out/console"
	fi
	case $rc in
	124 | 137)
		tail -n 5 "$w/console" >&2
		warn "no end after $timeout s"
		return 124
		;;
	esac
	status=$(sed -n 's/^rc=\([0-9]*\).*/\1/p' "$w/rc")
	[ -n "$status" ] || {
		cat "$w/qemu.err" >&2
		tail -n 30 "$w/console" >&2
		broken "the machine broke"
	}
	return "$status"
}
