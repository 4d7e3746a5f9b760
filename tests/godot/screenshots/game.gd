@tool
extends Node2D
## A clearing at night, and a picture of it with the overlay: the environment variable PICTURE names
## the file.


func _ready() -> void:
	if Engine.is_editor_hint() or not OS.has_environment("PICTURE"):
		return
	await $SeguePlayer.connected
	await get_tree().create_timer(4.0).timeout
	$SeguePlayer.set_input("threat", 0.9)
	$SeguePlayer.set_input("enemies", 3)
	await $SeguePlayer.changed
	await get_tree().create_timer(4.0).timeout
	get_viewport().get_texture().get_image().save_png(OS.get_environment("PICTURE"))
	get_tree().quit()


func _draw() -> void:
	draw_rect(Rect2(0, 0, 1280, 720), Color("10202b"))
	draw_circle(Vector2(1040, 130), 46, Color("d9e2c8"))
	for index in 40:
		var at := Vector2(fmod(index * 197.0, 1320.0) - 20.0, 330.0 + 9.0 * index)
		var size := 60.0 + 2.2 * index
		var shade := Color("16333a").darkened(0.6 - 0.012 * index)
		var points := PackedVector2Array(
			[
				at + Vector2(0, -size * 1.8),
				at + Vector2(size * 0.55, 0),
				at - Vector2(size * 0.55, 0)
			]
		)
		draw_colored_polygon(points, shade)
